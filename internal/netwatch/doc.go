// Package netwatch tells when the interfaces of the host or their addresses change.
//
// One goroutine serves the whole process: the first Watch starts it, and it ends
// when the last one stops. On Linux it waits for what the kernel says over a netlink
// socket (rtnetlink(7)), so that it costs nothing while nothing changes. Elsewhere it
// compares the list of interfaces every few seconds.
package netwatch
