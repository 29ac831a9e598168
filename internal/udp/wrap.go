package udp

import (
	"errors"
	"net"
	"net/netip"
)

// Wrap makes a Conn of a socket that the program has opened, which belongs to the
// Conn then: pc itself may be closed at once, while the socket stays open under
// another descriptor (Linux), and to close it is not to close the Conn. A
// *net.UDPConn reads and writes in batches where the system can; dual reports that it
// is bound to all addresses of both IP versions, and then it, as any other
// net.PacketConn, handles one datagram at a time.
func Wrap(pc net.PacketConn) (conn Conn, dual bool, err error) {
	if pc == nil {
		return nil, false, errors.New("udp: no socket")
	}
	c, ok := pc.(*net.UDPConn)
	if !ok {
		local, ok := addrPort(pc.LocalAddr())
		if !ok {
			return nil, false, errors.New("udp: the socket has no address and port")
		}
		return &wrapped{pc, local}, local.Addr().IsUnspecified() && local.Addr().Is6(), nil
	}
	// Not yet unmapped: [::] is what a socket for both versions says of itself.
	local := c.LocalAddr().(*net.UDPAddr).AddrPort()
	if local.Addr().Is6() && !local.Addr().Is4In6() && local.Addr().IsUnspecified() && !v6only(c) {
		raiseWrapped(c)
		return newPlain(c), true, nil
	}
	conn, err = newConn(c)
	return conn, false, err
}

// raiseWrapped asks for larger buffers, as far as the system grants them.
func raiseWrapped(c *net.UDPConn) {
	_ = c.SetReadBuffer(socketBuffer)
	_ = c.SetWriteBuffer(socketBuffer)
}

func addrPort(a net.Addr) (netip.AddrPort, bool) {
	switch a := a.(type) {
	case nil:
		return netip.AddrPort{}, false
	case *net.UDPAddr:
		return unmap(a.AddrPort()), a.IP != nil
	}
	ap, err := netip.ParseAddrPort(a.String())
	return unmap(ap), err == nil
}

// wrapped is a net.PacketConn of another kind.
type wrapped struct {
	pc    net.PacketConn
	local netip.AddrPort
}

func (w *wrapped) ReadBatch(batch []Datagram) (int, error) {
	if len(batch) == 0 {
		return 0, nil
	}
	d := &batch[0]
	if d.Buf == nil {
		d.lent = plainSlabs.Get().(*slab)
		d.Buf = d.lent.storage
	}
	n, from, err := w.pc.ReadFrom(d.Buf)
	addr, ok := addrPort(from)
	if err == nil && !ok {
		err = errors.New("udp: a datagram came without an address")
	}
	if err != nil {
		Release(batch[:1])
		return 0, err
	}
	d.N, d.SegmentSize, d.Addr, d.ECN, d.Age = n, 0, addr, 0, 0
	return 1, nil
}

func (w *wrapped) WriteBatch(batch []Datagram) (int, error) { return writeSingly(w, batch) }

func (w *wrapped) writeTo(b []byte, to netip.AddrPort) error {
	_, err := w.pc.WriteTo(b, net.UDPAddrFromAddrPort(to))
	return err
}

func (w *wrapped) LocalAddr() netip.AddrPort { return w.local }

func (w *wrapped) Close() error { return w.pc.Close() }
