// Package simnet is a virtual network in memory, for tests: hosts with UDP
// sockets, NATs, delay, loss, cuts and moves. It is made for testing/synctest,
// where a day of calls takes milliseconds and every duration is exact; it works
// on the real clock too.
package simnet
