package turntest

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"slices"
)

type stream = net.Conn

// ServeStream serves one client over a stream, and returns when the stream ends.
func (s *Server) ServeStream(c net.Conn) {
	r := bufio.NewReader(c)
	s.serveClient(c, false, func() ([]byte, error) { return readFrame(r) })
}

// ServePackets serves one client over a connection whose reads and writes are whole
// messages, such as one over DTLS, and returns when it ends.
func (s *Server) ServePackets(c net.Conn) {
	b := make([]byte, 1<<16)
	s.serveClient(c, true, func() ([]byte, error) {
		n, err := c.Read(b)
		return slices.Clone(b[:n]), err
	})
}

func (s *Server) serveClient(c net.Conn, packets bool, read func() ([]byte, error)) {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		_ = c.Close()
		return
	}
	s.streams[c] = struct{}{}
	s.mu.Unlock()
	from, _ := netip.ParseAddrPort(c.RemoteAddr().String())
	me := client{from: from, s: c, packets: packets}
	for {
		p, err := read()
		if err != nil {
			break
		}
		s.handle(me, p)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.streams, c)
	s.drop(me)
	_ = c.Close()
}

// Serve serves every stream that the listener accepts, until it is closed.
func (s *Server) Serve(l net.Listener) {
	s.tasks.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.tasks.Go(func() { s.ServeStream(c) })
		}
	})
}

// readFrame reads a STUN or ChannelData message (RFC 8656 §12.5).
func readFrame(r io.Reader) ([]byte, error) {
	p := make([]byte, 4)
	if _, err := io.ReadFull(r, p); err != nil {
		return nil, err
	}
	n := int(binary.BigEndian.Uint16(p[2:]))
	size := 4 + (n+3)&^3
	if p[0]&0xc0 == 0 {
		size = 20 + n
	}
	p = append(p, make([]byte, size-4)...)
	_, err := io.ReadFull(r, p[4:])
	return p, err
}
