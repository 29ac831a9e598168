//go:build !linux || udpplain

package udp

import "net"

func newConn(c *net.UDPConn) (Conn, error) {
	raiseBuffers(c)
	return newPlain(c), nil
}

// minSocketBuffer is not worth asking for: every system grants it.
const minSocketBuffer = 256 << 10

// raiseBuffers asks for as much as the system grants.
func raiseBuffers(c *net.UDPConn) {
	for size := socketBuffer; size >= minSocketBuffer && c.SetReadBuffer(size) != nil; size /= 2 {
	}
	for size := socketBuffer; size >= minSocketBuffer && c.SetWriteBuffer(size) != nil; size /= 2 {
	}
}
