// Package udp is the library's edge to datagram sockets: batched reads and
// writes behind interfaces that a virtual network (internal/simnet) can stand in
// for.
//
// A reader gets what is there, in buffers that are lent to it; a writer hands
// over what it has:
//
//	conn, err := udp.System().ListenUDP(netip.MustParseAddrPort("192.0.2.1:0"))
//	…
//	batch := make([]udp.Datagram, 8)
//	for {
//		n, err := conn.ReadBatch(batch)
//		if errors.Is(err, net.ErrClosed) {
//			return
//		}
//		for _, d := range batch[:n] {
//			handle(d) // d.Buf[:d.N], or pieces of d.SegmentSize bytes
//		}
//		udp.Release(batch)
//	}
//
// No buffer is held while ReadBatch waits, so that an idle socket costs next to
// nothing.
//
// On Linux a batch is one recvmmsg or sendmmsg, and datagrams of one flow and one
// size travel through the kernel as one (UDP GSO and GRO), which is what makes
// them cheap: about 0.2 µs where a system call for each costs 1.5. A writer need
// not ask for it; entries that follow each other are joined. Where an interface
// refuses, the same datagrams go one by one, and the socket does not try again.
// Elsewhere, and on Linux with the build tag udpplain, each datagram is a system
// call of its own.
//
// Where datagrams come one after another, a reader with a Moderator is woken for
// several at once.
//
// A socket takes two file descriptors on Linux: see doorbell.
//
// No packet costs an allocation. The package starts no goroutine; that which watches
// the interfaces is internal/netwatch's.
package udp

import (
	"context"
	"net"
	"net/netip"
	"time"
)

// A Datagram is one entry of a batch.
//
// Reading: Buf is storage of the caller's, or nil: then ReadBatch lends some, to be
// given back with Release. It fills Buf[:N] and Addr. Where the kernel joined
// several datagrams of one flow (GRO), Buf[:N] holds them back to back, each
// SegmentSize bytes long but the last, which may be shorter; SegmentSize is 0 for a
// single datagram.
//
// Writing: Buf[:N] goes to Addr; a SegmentSize above 0 asks for it to be sent
// as datagrams of that size (GSO, or one by one where the system has none).
type Datagram struct {
	Buf         []byte
	N           int
	SegmentSize int
	Addr        netip.AddrPort
	// ECN is the two-bit ECN field (RFC 3168 §5) of a datagram received, or to
	// be set on one sent.
	ECN uint8
	// Age is how long the datagram, the first of joined ones, had been with the
	// host when ReadBatch returned, 0 where the system does not say.
	Age time.Duration

	lent *slab // behind the Bufs of the batch; in its first entry
}

// Conn is a bound UDP socket.
type Conn interface {
	// ReadBatch waits for at least one datagram, takes what else is ready, and
	// returns how many entries of batch it filled. A datagram that is longer
	// than its Buf is cut off. If the first entry has no Buf, none may have one,
	// and up to MaxLent entries are lent theirs once there is something to read:
	// Release gives them back. Datagrams are joined only where every Buf of a
	// batch has MaxJoined bytes or is lent; whoever reads so once must go on
	// doing it.
	// After Close it returns an error that matches net.ErrClosed; any other
	// error concerns one read and the next may succeed.
	ReadBatch(batch []Datagram) (int, error)
	// WriteBatch sends the entries in order and returns how many it sent. An
	// entry that the system refuses, such as one to a network without a route,
	// does not stop those after it; the error is the first such entry's. It
	// never waits for the peer, and keeps nothing of batch. Several goroutines
	// may call it.
	WriteBatch(batch []Datagram) (int, error)
	// LocalAddr returns the bound address; its port is never 0.
	LocalAddr() netip.AddrPort
	// Close unblocks ReadBatch and releases the socket.
	Close() error
}

// Interface is a network interface as it is now.
type Interface struct {
	Name  string
	Index int
	MTU   int
	Flags net.Flags
	// Addrs are the addresses assigned, with the lengths of their prefixes. A
	// netip.Prefix has no zone: IPs returns the addresses as sockets take them.
	Addrs []netip.Prefix
}

// IPs returns the interface's addresses; IPv6 link-local ones carry the
// interface's name as their zone (RFC 4007 §11), without which they can be
// neither bound nor reached.
func (i Interface) IPs() []netip.Addr {
	ips := make([]netip.Addr, len(i.Addrs))
	for k, p := range i.Addrs {
		ips[k] = p.Addr()
		if ips[k].Is6() && (ips[k].IsLinkLocalUnicast() || ips[k].IsLinkLocalMulticast()) {
			ips[k] = ips[k].WithZone(i.Name)
		}
	}
	return ips
}

// Network is what the library asks of a host's network. The real one is
// System; internal/simnet has a virtual one.
type Network interface {
	// Interfaces lists the interfaces that exist now, up or down.
	Interfaces() ([]Interface, error)
	// ListenUDP binds a socket to local; port 0 picks a free port.
	ListenUDP(local netip.AddrPort) (Conn, error)
	// ListenMulticastUDP binds a socket that receives what is sent to group on
	// the interface ifi, and whose writes to the group leave through it.
	ListenMulticastUDP(ifi Interface, group netip.AddrPort) (Conn, error)
	// DialTCP opens a stream from the address local, on a port that the system
	// picks, to remote. It ends early with the context. Only the way to a TURN
	// server needs streams; what is done there does not wait for anything else.
	DialTCP(ctx context.Context, local netip.Addr, remote netip.AddrPort) (net.Conn, error)
	// LookupHost resolves a host name to its IPv4 and IPv6 addresses.
	LookupHost(ctx context.Context, host string) ([]netip.Addr, error)
}

// A Watcher is a Network that tells when its interfaces change.
type Watcher interface {
	// WatchInterfaces has changed called soon after what Interfaces returns has
	// changed, from any goroutine and until stop is called. changed must neither wait
	// nor call stop, which may be called more than once.
	WatchInterfaces(changed func()) (stop func())
}
