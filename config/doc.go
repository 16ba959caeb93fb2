// Package config is what an operator writes: a strict YAML file, read over
// defaults, with every problem reported at once.
//
//	file ──► document ──► decoder over Default() ──► validator ──► *Config
//	             │              │  ${NAME}               │
//	             └──────────────┴──── report ────────────┴───────► Problems
//
// An unknown key, a wrong type, a route that can never match and a combination
// that cannot work are all errors: a typo must not silently switch off a rule
// about who may see what. A key is accepted only when the program does what it
// says; those of later versions are refused by name.
//
// # Reading
//
// The file is one YAML document in UTF-8 of at most 1MiB. The decoder walks its
// node tree beside the Go types, because yaml.v3's own strict mode gives no
// field paths and stops at the first unknown key. Plain aliases work, up to a
// bound on what they repeat; merge keys and tags are refused.
//
// Variables are expanded in scalar values after YAML has been parsed, so that
// their contents can never be structure: ${NAME}, ${NAME:-default} (also for an
// empty variable, as in a shell) and $$ for $. A plain scalar has the type of
// its expanded text, and so has a quoted one where a number or a boolean is
// wanted: flow style allows a variable only in quotes.
//
// # Reporting
//
// One mistake is told once. The report knows which fields could not be read,
// and whatever a rule says about those, or about what a misspelled key was
// meant to be, is not heard. All other rules are checked to the end.
//
// The package imports nothing of ours. Everything that it returns is plain
// data, checked and complete, and must not be changed after Load.
package config
