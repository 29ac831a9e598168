package ice

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"

	"github.com/parleyrtc/webrtc/internal/udp"
)

// A turnLink carries whole messages between a client and its TURN server.
type turnLink interface {
	// next waits for a message and returns it with its ECN field; it is valid
	// until the next call. One goroutine calls it. Its error is final if it
	// matches net.ErrClosed.
	next() (message []byte, ecn uint8, err error)
	// ready says whether next would not wait.
	ready() bool
	// write sends the messages, addressed to the server, and never waits for it.
	write(messages []udp.Datagram) (int, error)
	localAddr() netip.AddrPort
	close() error
	// strangers counts what came from elsewhere than the server.
	strangers() uint64
	// stream says that the transport is one, where messages are padded.
	stream() bool
}

// A relayConn is the socket of a relayed candidate: what is written to a peer
// goes through the TURN server, and what peers send to the relayed address is
// read as if it came from them. Messages between the client and the server
// itself pass unchanged, under the server's address.
type relayConn struct {
	link   turnLink
	server netip.AddrPort
	view   *relayView
	// want asks the client's owner for what peer needs to be sent to: a
	// permission, and a channel if media flows. It is called from any goroutine
	// and must not wait.
	want func(peer netip.AddrPort, channel bool)
	// lost tells the owner that the way to the server is gone.
	lost func(err error)

	mu     sync.Mutex // guards wanted
	wanted map[relayWish]struct{}

	dropped atomic.Uint64 // messages of the server that were no packets for us
}

type relayWish struct {
	peer    netip.AddrPort
	channel bool
}

// lastSTUNByte is the largest first byte of a STUN message (RFC 7983 §7).
const lastSTUNByte = 3

// maxRelayWishes bounds what one relay's writes can ask for.
const maxRelayWishes = 256

func newRelayConn(link turnLink, server netip.AddrPort, view *relayView) *relayConn {
	return &relayConn{link: link, server: server, view: view, wanted: map[relayWish]struct{}{}, want: func(netip.AddrPort, bool) {}, lost: func(error) {}}
}

// ReadBatch implements udp.Conn.
func (c *relayConn) ReadBatch(batch []udp.Datagram) (int, error) {
	n := 0
	for n < len(batch) && (n == 0 || c.link.ready() && batch[n].Buf != nil) {
		message, ecn, err := c.link.next()
		if err != nil {
			if n > 0 {
				return n, nil // the next call will meet the error again
			}
			if errors.Is(err, net.ErrClosed) {
				c.lost(err)
			}
			return 0, err
		}
		from, data, ok := c.unwrap(message)
		if !ok {
			c.dropped.Add(1)
			continue
		}
		if n > 0 && joins(&batch[n-1], data, from, ecn) {
			continue
		}
		udp.Lend(batch) // only now: none may be held while the link waits
		d := &batch[n]
		d.N, d.SegmentSize, d.Addr, d.ECN, d.Age = copy(d.Buf, data), 0, from, ecn, 0
		n++
	}
	return n, nil
}

// unwrap returns the packet in a message of the server's and whom it is from.
func (c *relayConn) unwrap(message []byte) (from netip.AddrPort, data []byte, ok bool) {
	switch {
	case isChannelData(message):
		number, data, ok := readChannelData(message)
		if !ok {
			return from, nil, false
		}
		from, ok = c.view.table.Load().peer(number)
		return from, data, ok
	case isDataIndication(message):
		from, data, ok = readDataIndication(message)
		// RFC 8656 §11.4: the client checks for "an IP address with which the client
		// believes there is an active permission". What claims to be relayed from the
		// server itself would pass for the server's own word.
		if !ok || from == c.server || !c.view.table.Load().permits(from.Addr()) {
			return from, nil, false
		}
		c.answerMedia(from, data)
		return from, data, true
	case len(message) >= stunHeader && message[0]&0xc0 == 0:
		return c.server, message, true
	}
	return from, nil, false
}

// maxInboundChannels leaves most channels to the addresses that we send to:
// anybody at a permitted address can send from many ports.
const maxInboundChannels = 8

// answerMedia asks for a channel to a peer whose media comes in indications: it
// may be long until something goes the other way.
func (c *relayConn) answerMedia(from netip.AddrPort, data []byte) {
	table := c.view.table.Load()
	if len(data) == 0 || data[0] <= lastSTUNByte || len(table.channels) >= maxInboundChannels {
		return
	}
	if number, _ := table.channel(from); number == 0 {
		c.wish(relayWish{from, true})
	}
}

// joins appends data to the datagrams in d, as GRO would, if d has the room that
// says that its reader expects it.
func joins(d *udp.Datagram, data []byte, from netip.AddrPort, ecn uint8) bool {
	size := d.SegmentSize
	if size == 0 {
		size = d.N
	}
	if len(d.Buf) < udp.MaxJoined || d.Addr != from || d.ECN != ecn || len(data) == 0 || len(data) > size ||
		d.N%size != 0 || d.N+len(data) > len(d.Buf) {
		return false
	}
	d.SegmentSize = size
	d.N += copy(d.Buf[d.N:], data)
	return true
}

// A relayWriter is the storage of a batch on its way out.
type relayWriter struct {
	buf []byte // never grows
	out []udp.Datagram
}

// relayBatch is the size of a relayWriter's storage.
const relayBatch = 64<<10 + sendOverhead

var relayWriters = sync.Pool{New: func() any { return &relayWriter{buf: make([]byte, 0, relayBatch)} }}

// WriteBatch implements udp.Conn. Each packet is copied once, behind its header.
func (c *relayConn) WriteBatch(batch []udp.Datagram) (int, error) {
	w := relayWriters.Get().(*relayWriter)
	defer relayWriters.Put(w)
	table := c.view.table.Load()
	sent, relayed := 0, false
	var first error
	for i := range batch {
		d := &batch[i]
		relayed = relayed || d.Addr != c.server
		if err := c.frame(w, table, d); err != nil {
			first = orError(first, err)
			continue
		}
		sent++
	}
	if err := c.flush(w); err != nil {
		first, sent = orError(first, err), max(sent-1, 0)
	}
	if relayed {
		c.view.writes.Add(1)
	}
	return sent, first
}

func orError(first, err error) error {
	if first != nil {
		return first
	}
	return err
}

// frame puts the datagrams of d into messages.
func (c *relayConn) frame(w *relayWriter, table *relayTable, d *udp.Datagram) error {
	size := d.SegmentSize
	if size <= 0 {
		size = max(d.N, 1)
	}
	for b := d.Buf[:d.N]; len(b) > 0; {
		data := b[:min(size, len(b))]
		b = b[len(data):]
		if len(data) > 1<<16-1-sendOverhead {
			return fmt.Errorf("relay to %v: a packet of %d bytes is too long", d.Addr, len(data))
		}
		if len(w.buf)+len(data)+sendOverhead > cap(w.buf) {
			if err := c.flush(w); err != nil {
				return err
			}
		}
		c.wrap(w, table, d.Addr, data, d.ECN)
	}
	return nil
}

// wrap appends the message that takes data to a peer.
func (c *relayConn) wrap(w *relayWriter, table *relayTable, to netip.AddrPort, data []byte, ecn uint8) {
	start := len(w.buf)
	if to == c.server {
		w.buf = append(w.buf, data...)
	} else if number, bound := table.channel(to); bound {
		w.buf = appendChannelData(w.buf, number, data, c.link.stream())
	} else {
		// Connectivity checks go to many addresses and are few; channels are for
		// what follows them.
		if media := data[0] > lastSTUNByte; media && number == 0 || !table.permits(to.Addr()) {
			c.wish(relayWish{to, media})
		}
		w.buf = appendSend(w.buf, to, data)
	}
	w.out = append(w.out, udp.Datagram{Buf: w.buf[start:], N: len(w.buf) - start, Addr: c.server, ECN: ecn})
}

// flush sends the messages.
func (c *relayConn) flush(w *relayWriter) error {
	if len(w.out) == 0 {
		return nil
	}
	_, err := c.link.write(w.out)
	clear(w.out)
	w.buf, w.out = w.buf[:0], w.out[:0]
	return err
}

// wish passes a wish on, once.
func (c *relayConn) wish(wish relayWish) {
	c.mu.Lock()
	_, made := c.wanted[wish]
	made = made || len(c.wanted) >= maxRelayWishes
	if !made {
		c.wanted[wish] = struct{}{}
	}
	c.mu.Unlock()
	if !made {
		c.want(wish.peer, wish.channel)
	}
}

// LocalAddr implements udp.Conn: it is the address of the way to the server.
func (c *relayConn) LocalAddr() netip.AddrPort { return c.link.localAddr() }

// Close implements udp.Conn. It releases the allocation with a request whose
// answer nobody awaits: what gets lost expires.
func (c *relayConn) Close() error {
	if farewell := c.view.farewell.Swap(nil); farewell != nil {
		_, _ = c.link.write([]udp.Datagram{{Buf: *farewell, N: len(*farewell), Addr: c.server}})
	}
	return c.link.close()
}

// A datagramLink is a turnLink over a UDP socket of its own.
type datagramLink struct {
	conn   udp.Conn
	server netip.AddrPort

	// What follows belongs to the reader.
	batch [1]udp.Datagram
	rest  []byte // of the last datagram, joined ones
	size  int

	foreign atomic.Uint64 // datagrams from elsewhere
}

func newDatagramLink(conn udp.Conn, server netip.AddrPort) *datagramLink {
	return &datagramLink{conn: conn, server: server}
}

func (l *datagramLink) next() ([]byte, uint8, error) {
	d := &l.batch[0]
	for len(l.rest) == 0 {
		l.rest = nil
		udp.Release(l.batch[:])
		n, err := l.conn.ReadBatch(l.batch[:])
		if err != nil {
			return nil, 0, err
		}
		if n == 0 {
			continue
		}
		// Nobody but the server speaks on this socket: its packets are believed
		// without further proof, and so their source is checked (RFC 8656 §21.1.4).
		if plain(d.Addr) != l.server {
			l.foreign.Add(1)
			continue
		}
		l.rest, l.size = d.Buf[:d.N], d.SegmentSize
		if l.size <= 0 {
			l.size = d.N
		}
	}
	n := min(l.size, len(l.rest))
	message := l.rest[:n:n]
	l.rest = l.rest[n:]
	return message, d.ECN, nil
}

func (l *datagramLink) ready() bool { return len(l.rest) > 0 }

func (l *datagramLink) write(messages []udp.Datagram) (int, error) {
	return l.conn.WriteBatch(messages)
}

func (l *datagramLink) localAddr() netip.AddrPort { return l.conn.LocalAddr() }

func (l *datagramLink) close() error { return l.conn.Close() }

func (l *datagramLink) strangers() uint64 { return l.foreign.Load() }

func (l *datagramLink) stream() bool { return false }
