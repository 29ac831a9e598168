// Package deptest holds the tests of the module as a whole: which package may
// import which, what the module may require, that a program can require it, and
// that every source file is formatted and every exported name explained.
package deptest
