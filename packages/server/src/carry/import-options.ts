/** What an import may leave out or overwrite. The same for the command line and for a node's first start. */

export interface ImportOptions {
  /** The one database whose keys are taken. */
  readonly database: number;
  /** The file may hold keys in other databases: they are left out. Otherwise they are refused. */
  readonly ignoresOtherDatabases: boolean;
  /** Functions of the file are left out. */
  readonly ignoresFunctions: boolean;
  /** The cluster may hold keys already. */
  readonly intoExisting: boolean;
  /** Keys of the same name are overwritten. */
  readonly replaces: boolean;
}

export const emptyClusterOptions: ImportOptions = {
  database: 0,
  ignoresOtherDatabases: false,
  ignoresFunctions: false,
  intoExisting: false,
  replaces: false,
};
