package udp

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"syscall"
)

// plainConn reads and writes datagrams one by one.
type plainConn struct {
	c     *net.UDPConn
	local netip.AddrPort
}

func newPlain(c *net.UDPConn) *plainConn {
	return &plainConn{c: c, local: unmap(c.LocalAddr().(*net.UDPAddr).AddrPort())}
}

// plainRoom is the room that is lent here, where it is kept while the socket
// waits. Nothing is joined, and no datagram of WebRTC's is longer than the largest
// frames that networks carry.
const plainRoom = 9 << 10

var plainSlabs sync.Pool

func init() {
	plainSlabs.New = func() any { return &slab{make([]byte, plainRoom), &plainSlabs} }
}

func (p *plainConn) ReadBatch(batch []Datagram) (int, error) {
	if len(batch) == 0 {
		return 0, nil
	}
	d := &batch[0]
	if d.Buf == nil {
		d.lent = plainSlabs.Get().(*slab)
		d.Buf = d.lent.storage
	}
	n, from, err := p.c.ReadFromUDPAddrPort(d.Buf)
	for tooLong(err) {
		n, from, err = p.c.ReadFromUDPAddrPort(d.Buf)
	}
	if err != nil {
		Release(batch[:1])
		return 0, err
	}
	d.N, d.SegmentSize, d.Addr, d.ECN, d.Age = n, 0, unmap(from), 0, 0
	return 1, nil
}

// tooLong says that a datagram did not fit its buffer, which is an error on Windows
// alone, and does not tell whom it was from. Such datagrams are lost: whoever sends
// many must not pass for a socket that fails.
func tooLong(err error) bool {
	const wsaEMSGSIZE = syscall.Errno(10040) // no other system has that number
	return errors.Is(err, wsaEMSGSIZE)
}

// WriteBatch leaves the ECN field alone: there is no portable way to set it.
func (p *plainConn) WriteBatch(batch []Datagram) (int, error) { return writeSingly(p, batch) }

func (p *plainConn) writeTo(b []byte, to netip.AddrPort) error {
	_, err := p.c.WriteToUDPAddrPort(b, to)
	return err
}

// A singleWriter sends one datagram.
type singleWriter interface {
	writeTo(b []byte, to netip.AddrPort) error
}

// writeSingly sends the datagrams of batch by a system call each.
func writeSingly(c singleWriter, batch []Datagram) (int, error) {
	sent := 0
	var first error
	for i := range batch {
		if err := writeSegments(c, &batch[i]); err == nil {
			sent++
		} else if errors.Is(err, net.ErrClosed) {
			return sent, err
		} else if first == nil {
			first = err
		}
	}
	return sent, first
}

// writeSegments sends d, segment by segment if it has any.
func writeSegments(c singleWriter, d *Datagram) error {
	for b := d.Buf[:d.N]; ; {
		n := len(b)
		if d.SegmentSize > 0 {
			n = min(n, d.SegmentSize)
		}
		if err := c.writeTo(b[:n], d.Addr); err != nil {
			return err
		}
		if b = b[n:]; len(b) == 0 {
			return nil
		}
	}
}

func (p *plainConn) LocalAddr() netip.AddrPort { return p.local }

func (p *plainConn) Close() error { return p.c.Close() }
