package ice

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/parleyrtc/webrtc/internal/udp"
)

const (
	// streamBacklog is how many bytes may wait for a stream; packets on top are
	// dropped, as a full socket drops them. Messages to the server itself have as
	// much again.
	streamBacklog = 128 << 10
	// streamFarewell is how long the end of a stream waits for what is still to
	// be sent.
	streamFarewell = 200 * time.Millisecond
)

// errStreamFraming: what comes is neither STUN nor ChannelData; the rest cannot
// be made sense of.
var errStreamFraming = errors.New("the stream carries neither STUN nor ChannelData")

// A linkEnd is what reading gives once a stream or an association has ended.
type linkEnd struct {
	what  string
	cause error
}

func (e *linkEnd) Error() string { return fmt.Sprintf("the %s has ended: %v", e.what, e.cause) }

func (e *linkEnd) Unwrap() []error { return []error{net.ErrClosed, e.cause} }

// A streamLink is a turnLink over TCP or TLS (RFC 8656 §3.1). Messages follow
// each other without a header of their own: STUN's has a length, and so has
// ChannelData's, which is padded here (RFC 8656 §12.5).
type streamLink struct {
	conn  net.Conn // TLS over raw, or raw
	raw   net.Conn
	local netip.AddrPort

	mu      sync.Mutex // guards what follows
	pending []byte
	closed  bool
	wake    chan struct{} // of the writer

	dropped atomic.Uint64 // packets that found no room

	// What follows belongs to the reader: buf[start:end] is what has come and was
	// not handed out.
	buf        []byte
	start, end int
}

// dialStream opens a stream to a server, with TLS if config is not nil.
func dialStream(ctx context.Context, network udp.Network, local netip.Addr, server netip.AddrPort, config *tls.Config) (*streamLink, error) {
	raw, err := network.DialTCP(ctx, local, server)
	if err != nil {
		return nil, err
	}
	l := &streamLink{conn: raw, raw: raw, wake: make(chan struct{}, 1)}
	if a, err := netip.ParseAddrPort(raw.LocalAddr().String()); err == nil {
		l.local = plain(a)
	}
	if config != nil {
		secure := tls.Client(raw, config)
		if err := secure.HandshakeContext(ctx); err != nil {
			_ = raw.Close()
			return nil, fmt.Errorf("TLS: %w", err)
		}
		l.conn = secure
	}
	return l, nil
}

// next implements turnLink. Whatever ends the stream is final.
func (l *streamLink) next() ([]byte, uint8, error) {
	for {
		size, err := frameSize(l.buf[l.start:l.end])
		if err == nil && size > 0 && size <= l.end-l.start {
			message := l.buf[l.start : l.start+size : l.start+size]
			l.start += size
			return message, 0, nil
		}
		if err == nil {
			err = l.fill(size)
		}
		if err != nil {
			_ = l.raw.Close()
			return nil, 0, &linkEnd{"stream", err}
		}
	}
}

// fill reads more, of a message of size bytes if that is known.
func (l *streamLink) fill(size int) error {
	l.end = copy(l.buf, l.buf[l.start:l.end])
	l.start = 0
	if want := max(size, 4096); want > len(l.buf) {
		l.buf = append(make([]byte, 0, want), l.buf[:l.end]...)[:want]
	}
	n, err := l.conn.Read(l.buf[l.end:])
	l.end += n
	if n > 0 {
		return nil
	}
	return err
}

// frameSize returns the size of the message that b begins with, 0 if that is not
// known yet.
func frameSize(b []byte) (int, error) {
	if len(b) < channelHeader {
		return 0, nil
	}
	n := int(binary.BigEndian.Uint16(b[2:]))
	switch {
	case b[0]&0xc0 == 0 && n%4 == 0 && (len(b) < 8 || binary.BigEndian.Uint32(b[4:]) == magicCookie):
		return stunHeader + n, nil
	case b[0]&0xf0 == 0x40:
		return channelHeader + (n+3)&^3, nil
	}
	return 0, errStreamFraming
}

func (l *streamLink) ready() bool {
	size, err := frameSize(l.buf[l.start:l.end])
	return err == nil && size > 0 && size <= l.end-l.start
}

// write implements turnLink: it hands the messages to the writer.
func (l *streamLink) write(messages []udp.Datagram) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return 0, net.ErrClosed
	}
	for i := range messages {
		m := messages[i].Buf[:messages[i].N]
		limit := streamBacklog
		if !isRelayed(m) {
			limit *= 2
		}
		if len(l.pending)+len(m) > limit {
			l.dropped.Add(1)
			continue
		}
		l.pending = append(l.pending, m...)
	}
	l.poke()
	return len(messages), nil
}

// isRelayed says whether a message to the server is for a peer.
func isRelayed(m []byte) bool {
	return isChannelData(m) || len(m) >= stunHeader && binary.BigEndian.Uint16(m) == typeSend
}

func (l *streamLink) poke() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// run writes what is handed over. It returns when the stream is closed, and ends
// it.
func (l *streamLink) run() {
	defer l.raw.Close()
	var writing []byte
	for range l.wake {
		l.mu.Lock()
		writing, l.pending = l.pending, writing[:0]
		closed := l.closed
		l.mu.Unlock()
		if len(writing) > 0 {
			if _, err := l.conn.Write(writing); err != nil {
				return // the reader learns it
			}
		}
		if closed {
			return
		}
	}
}

func (l *streamLink) localAddr() netip.AddrPort { return l.local }

// close implements turnLink. What was written before still goes out, within
// streamFarewell.
func (l *streamLink) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return net.ErrClosed
	}
	l.closed = true
	_ = l.raw.SetDeadline(time.Now().Add(streamFarewell))
	l.poke()
	return nil
}

func (l *streamLink) strangers() uint64 { return 0 }

func (l *streamLink) stream() bool { return true }
