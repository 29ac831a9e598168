package mux

import (
	"net/netip"

	"github.com/parleyrtc/webrtc/internal/udp"
)

// A router hands the datagrams of one reading goroutine to their connections: those
// that follow each other and are for the same one at once.
type router struct {
	port *Port
	run  []udp.Datagram
	to   *PortConn
}

// route finds whom d is for.
func (r *router) route(d *udp.Datagram) {
	b := d.Buf[:d.N]
	if d.SegmentSize <= 0 || d.SegmentSize >= d.N || !anySTUN(b, d.SegmentSize) {
		r.add(*d, r.port.find(b[:len(b):len(b)], d.Addr))
		return
	}
	// Of datagrams that the kernel has joined each may be for another connection,
	// if checks are among them.
	for len(b) > 0 {
		n := min(d.SegmentSize, len(b))
		one := *d
		one.Buf, one.N, one.SegmentSize = b[:n:n], n, 0
		b = b[n:]
		r.add(one, r.port.find(one.Buf, d.Addr))
	}
}

func anySTUN(b []byte, segment int) bool {
	for at := 0; at < len(b); at += segment {
		if b[at] <= lastSTUNByte {
			return true
		}
	}
	return false
}

func (r *router) add(d udp.Datagram, to *PortConn) {
	if to == nil {
		if f := r.port.config.Unhandled; f != nil {
			f(d.Buf[:d.N:d.N], plain(d.Addr))
		}
		return
	}
	if to != r.to {
		r.flush()
		r.to = to
	}
	r.run = append(r.run, d)
}

// flush hands over what has gathered.
func (r *router) flush() {
	if len(r.run) == 0 {
		return
	}
	r.to.put(r.run)
	clear(r.run)
	r.run, r.to = r.run[:0], nil
}

// find returns whom a datagram is for, nil if for nobody.
func (p *Port) find(b []byte, from netip.AddrPort) *PortConn {
	if !looksLikeSTUN(b) {
		c := p.addresses.get(from)
		if c == nil {
			p.strangers.Add(1)
		}
		return c
	}
	class, id, ok := parseHeader(b)
	if !ok {
		p.malformed.Add(1)
		return nil
	}
	var c *PortConn
	switch class {
	case classRequest:
		if c = p.findUfrag(localUfrag(b)); c == nil {
			p.unknownUfrags.Add(1)
		}
		return c
	case classSuccess, classError:
		c = p.sent.get(id)
	case classIndication:
		c = p.addresses.get(from)
	}
	if c == nil {
		p.strangers.Add(1)
	}
	return c
}

func (p *Port) findUfrag(ufrag []byte) *PortConn {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.members.named[string(ufrag)]
}
