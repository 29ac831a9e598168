//go:build !unix

package udp

import "syscall"

// canBindGroup: Windows refuses to bind a multicast address.
const canBindGroup = false

// shareAddress leaves the socket as it is: package net already shares multicast
// ports where the system lets it.
func shareAddress(_, _ string, _ syscall.RawConn) error { return nil }
