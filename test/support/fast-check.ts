/**
 * Set up before every test file. fast-check's default draws arrays of at most ten elements, whatever
 * `maxLength` says: programs would never be as long as their tests claim.
 */

import fc from "fast-check";

fc.configureGlobal({ defaultSizeToMaxWhenMaxSpecified: true });
