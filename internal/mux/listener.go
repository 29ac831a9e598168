package mux

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/parleyrtc/webrtc/internal/udp"
)

const (
	// maxNewcomers bounds the streams whose first frame has not come; the oldest
	// goes first, since a peer's check follows its stream within a round trip.
	maxNewcomers = 1024
	// DefaultFirstCheck is how long a stream may take to say whom it is for, and
	// DefaultConfirmation how long until the connection has confirmed it.
	DefaultFirstCheck, DefaultConfirmation = 30 * time.Second, 30 * time.Second
	// maxAcceptPause is the longest pause after an accept that failed for want of
	// file descriptors or the like.
	maxAcceptPause = time.Second
)

// ListenerConfig is what a Listener works with; zero fields are the defaults.
type ListenerConfig struct {
	FirstCheck, Confirmation time.Duration
	// Backlog is how many bytes may wait for one peer.
	Backlog int
}

// A Listener is a listening TCP socket that connections share.
type Listener struct {
	ln     net.Listener
	local  netip.AddrPort
	config ListenerConfig
	tasks  sync.WaitGroup

	mu        sync.Mutex // guards what follows
	members   members[*StreamConn]
	newcomers []net.Conn // the oldest first

	refused, unknownUfrags, malformed atomic.Uint64
}

// NewListener returns a listener on ln, which it closes, and starts accepting.
func NewListener(ln net.Listener, config ListenerConfig) *Listener {
	if config.FirstCheck <= 0 {
		config.FirstCheck = DefaultFirstCheck
	}
	if config.Confirmation <= 0 {
		config.Confirmation = DefaultConfirmation
	}
	if config.Backlog <= 0 {
		config.Backlog = DefaultBacklog
	}
	l := &Listener{ln: ln, local: addressOf(ln.Addr()), config: config, members: newMembers[*StreamConn]()}
	l.tasks.Go(l.accept)
	return l
}

// addressOf returns a as an address, the zero one if it has none.
func addressOf(a net.Addr) netip.AddrPort {
	ap, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return netip.AddrPort{}
	}
	return plain(ap)
}

// LocalAddr returns the address that the socket listens on.
func (l *Listener) LocalAddr() netip.AddrPort { return l.local }

// ListenerCounters counts what was not taken, and what there is.
type ListenerCounters struct {
	// Refused are streams that were closed because there were too many, or because
	// their first check did not come in time.
	Refused uint64
	// UnknownUfrags are streams whose first check was for no connection.
	UnknownUfrags uint64
	// Malformed are streams that did not begin with a check.
	Malformed uint64
	// Connections and Newcomers are how many connections there are now, and how
	// many streams that have not said whom they are for.
	Connections, Newcomers int
}

// Counters returns the counters since NewListener.
func (l *Listener) Counters() ListenerCounters {
	l.mu.Lock()
	defer l.mu.Unlock()
	return ListenerCounters{
		Refused: l.refused.Load(), UnknownUfrags: l.unknownUfrags.Load(), Malformed: l.malformed.Load(),
		Connections: len(l.members.ufrags), Newcomers: len(l.newcomers),
	}
}

// Join returns a new connection's part of the listener. On a closed one it is
// closed.
func (l *Listener) Join() *StreamConn {
	c := newStreamConn(l.local, l.config.Backlog)
	c.listener = l
	l.mu.Lock()
	joined := l.members.join(c)
	l.mu.Unlock()
	if !joined {
		_ = c.Close()
	}
	return c
}

// RemoveUfrag closes the connection that has the username fragment, if there is one.
func (l *Listener) RemoveUfrag(ufrag string) {
	l.mu.Lock()
	c := l.members.named[ufrag]
	l.mu.Unlock()
	if c != nil {
		_ = c.Close()
	}
}

func (l *Listener) addUfrag(c *StreamConn, ufrag string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.members.name(c, ufrag)
}

func (l *Listener) remove(c *StreamConn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.members.leave(c)
}

// Close closes the socket, every stream and all connections' parts, and returns
// when no goroutine is left.
func (l *Listener) Close() error {
	l.mu.Lock()
	members, open := l.members.close()
	newcomers := l.newcomers
	l.newcomers = nil
	l.mu.Unlock()
	if !open {
		return nil
	}
	err := l.ln.Close()
	for _, c := range newcomers {
		_ = c.Close()
	}
	for _, c := range members {
		_ = c.Close()
	}
	l.tasks.Wait()
	for _, c := range members {
		c.Wait()
	}
	return err
}

// accept is the body of the accepting goroutine.
func (l *Listener) accept() {
	pause := time.Duration(0)
	for {
		conn, err := l.ln.Accept()
		if err == nil {
			pause = 0
			l.welcome(conn)
			continue
		}
		l.mu.Lock()
		closed := l.members.closed
		l.mu.Unlock()
		if closed || errors.Is(err, net.ErrClosed) {
			return
		}
		pause = min(max(2*pause, 5*time.Millisecond), maxAcceptPause)
		time.Sleep(pause)
	}
}

// welcome reads the first frame of a stream on a goroutine of its own, which goes
// on reading for the connection.
func (l *Listener) welcome(conn net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.members.closed {
		_ = conn.Close()
		return
	}
	if len(l.newcomers) >= maxNewcomers {
		_ = l.newcomers[0].Close() // its goroutine counts it
		l.newcomers = l.newcomers[1:]
	}
	l.newcomers = append(l.newcomers, conn)
	l.tasks.Go(func() { l.introduce(conn) })
}

// introduce finds the connection that a stream is for. What does not say so in
// time, in one frame, is closed.
func (l *Listener) introduce(conn net.Conn) {
	// The deadline is for the whole frame, however slowly it comes.
	_ = conn.SetReadDeadline(time.Now().Add(l.config.FirstCheck))
	s := &stream{conn: conn, remote: addressOf(conn.RemoteAddr())}
	var batch [1]udp.Datagram
	n, err := s.next(batch[:], maxFirstFrame)
	l.forget(conn)
	var c *StreamConn
	switch {
	case err != nil || n == 0:
		if errors.Is(err, errFrameSize) {
			l.malformed.Add(1)
		} else {
			l.refused.Add(1)
		}
	default:
		c = l.find(batch[0].Buf)
	}
	if c == nil {
		_ = conn.Close()
		return
	}
	// The goroutine is the connection's from here on.
	s.backlog, s.tasks, s.dropped = c.backlog, &c.tasks, &c.dropped
	_ = conn.SetReadDeadline(time.Now().Add(l.config.Confirmation))
	if !c.adopt(s) {
		l.refused.Add(1)
		_ = conn.Close()
		return
	}
	c.adopted(s, batch[:])
}

// forget takes conn off the newcomers.
func (l *Listener) forget(conn net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, o := range l.newcomers {
		if o == conn {
			l.newcomers = append(l.newcomers[:i], l.newcomers[i+1:]...)
			return
		}
	}
}

// find returns the connection that a first frame names.
func (l *Listener) find(b []byte) *StreamConn {
	class, _, ok := parseHeader(b)
	if !ok || class != classRequest {
		l.malformed.Add(1)
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.members.named[string(localUfrag(b))]
	if c == nil {
		l.unknownUfrags.Add(1)
	}
	return c
}
