package sctptransport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/sctp"

	"github.com/parleyrtc/webrtc/internal/enginelog"
)

// MaxStreams is the number of streams that an association has in each
// direction; ids are smaller than it (RFC 8831 §6.2).
const MaxStreams = 65535

// headroom is how many bytes beyond what may be on the path the engine is given,
// so that it always has a next packet to send: without one it does not let the
// window grow (RFC 9260 §7.2.1).
const headroom = 128 << 10

// ErrClosed is the error of an association after Close or Abort. It matches
// net.ErrClosed.
var ErrClosed = fmt.Errorf("sctptransport: the association is closed: %w", net.ErrClosed)

var errTransportClosed = fmt.Errorf("sctptransport: the connection below has ended: %w", net.ErrClosed)

// ErrReset is what Receive returns when the peer has reset its side of the
// stream and all that came before has been received (RFC 6525 §5.2.2).
var ErrReset = errors.New("sctptransport: the peer has reset the stream")

// Association is one SCTP association that has come up. Its methods may be
// called by several goroutines at once.
type Association struct {
	engine *sctp.Association
	conn   *conn
	resets resets
	stall  stall
	back   backlog

	onRoom   atomic.Pointer[func()]
	wantRoom atomic.Bool

	closing atomic.Bool
	endOnce sync.Once
	done    chan struct{}
}

// Dial brings an association up over c.Conn and returns it. It blocks until the
// peer has answered or ctx is done; c.Conn is closed if it fails.
//
// Both peers may dial at once, in which case the two handshakes become one
// (RFC 9260 §5.2.1), and both do in WebRTC: whoever is ready first saves time.
func Dial(ctx context.Context, c Config) (*Association, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	a := &Association{done: make(chan struct{})}
	a.stall.mtu = c.MTU
	a.back.wake = make(chan struct{}, 1)
	a.conn = &conn{Conn: c.Conn, idle: a.idle, resets: &a.resets, stall: &a.stall, backlog: &a.back}
	a.engine, err = sctp.ClientContext(ctx,
		sctp.WithNetConn(a.conn),
		// Its errors are mostly about packets of the peer that it did not like.
		sctp.WithLoggerFactory(enginelog.New(c.Logger, slog.LevelWarn)),
		sctp.WithName("sctp"),
		sctp.WithMTU(c.MTU),
		sctp.WithMaxReceiveBufferSize(c.ReceiveBuffer),
		sctp.WithMaxMessageSize(math.MaxInt32),
		sctp.WithRTOMax(float64(c.RTOMax)/float64(time.Millisecond)),
		sctp.WithEnableZeroChecksum(c.ZeroChecksum),
		sctp.WithEnableInterleaving(c.Interleaving),
		sctp.WithBlockWrite(false),
		sctp.WithMinCwnd(c.MinCwnd),
		sctp.WithFastRtxWnd(c.FastRtxWnd),
		sctp.WithCwndCAStep(c.CwndCAStep),
	)
	if err != nil {
		// The engine leaves the connection open when it gives up by itself.
		a.conn.Close()
		return nil, fmt.Errorf("sctptransport: the association did not come up: %w", err)
	}
	return a, nil
}

// OpenStream returns the stream with the given id, which must be less than
// MaxStreams. No packet is sent: a stream exists for the peer when something
// is sent on it.
func (a *Association) OpenStream(id uint16) (Stream, error) {
	if id >= MaxStreams {
		return Stream{}, fmt.Errorf("sctptransport: stream id is %d, the largest is %d", id, MaxStreams-1)
	}
	s, err := a.engine.OpenStream(id, sctp.PayloadTypeUnknown)
	if err != nil {
		return Stream{}, a.closedError(err)
	}
	return Stream{a: a, s: s, id: id}, nil
}

// AcceptStream waits for the next stream that the peer uses first. It has to be
// called again without delay: the engine holds 16 streams and drops the data of
// further ones. The error is that of Err when the association has ended.
func (a *Association) AcceptStream() (Stream, error) {
	s, err := a.engine.AcceptStream()
	if err != nil {
		a.ended()
		return Stream{}, a.closedError(err)
	}
	a.back.took()
	return Stream{a: a, s: s, id: s.StreamIdentifier()}, nil
}

// Room returns how many bytes the engine should be given now so that it can
// fill the path and no more; zero means none. It is advice: Send never refuses.
func (a *Association) Room() int {
	path := min(a.engine.CWND(), a.conn.window.Load())
	return max(0, int(path)+headroom-a.engine.BufferedAmount())
}

// OnRoom sets the function that is called when, after a call of WantRoom, Room
// is greater than zero. It runs on the goroutine that reads packets and must
// not block.
func (a *Association) OnRoom(f func()) { a.onRoom.Store(&f) }

// WantRoom asks for one call of the OnRoom function once there is room. It may
// be called by the caller of Send that found none, who has to look at Room once
// more afterwards.
func (a *Association) WantRoom() { a.wantRoom.Store(true) }

// idle runs each time the engine has worked off a packet.
func (a *Association) idle() {
	a.resets.idle(func(p []byte) { a.conn.Conn.Write(p) })
	// wantRoom is first set when Dial has returned: a.engine is there then.
	if !a.wantRoom.Load() || a.Room() == 0 || !a.wantRoom.Swap(false) {
		return
	}
	if f := a.onRoom.Load(); f != nil {
		(*f)()
	}
}

// Close ends the association without a word to the peer. It may be called more
// than once, and returns when the engine has stopped reading.
func (a *Association) Close() error {
	a.closing.Store(true)
	err := a.engine.Close()
	a.ended()
	return err
}

// Abort tells the peer that the association ends and why (RFC 9260 §3.3.7), and
// ends it. Data that was not sent is lost. If the association has ended already
// it does nothing more than Close.
func (a *Association) Abort(reason string) {
	if a.closing.Swap(true) || a.conn.reason() != nil {
		a.Close()
		return
	}
	a.engine.Abort(reason)
	a.Close()
}

// Done is closed when the association has ended and AcceptStream, Close or Abort
// has noticed.
func (a *Association) Done() <-chan struct{} { return a.done }

// Err returns why the association has ended: ErrClosed after Close and Abort, an
// *AbortError if the peer has aborted it, what the connection below said if that
// has failed, and nil while the association lives.
func (a *Association) Err() error {
	select {
	case <-a.done:
		return a.closedError(nil)
	default:
		return nil
	}
}

func (a *Association) ended() { a.endOnce.Do(func() { close(a.done) }) }

func (a *Association) closedError(err error) error {
	if a.closing.Load() {
		return ErrClosed
	}
	if cause := a.conn.reason(); cause != nil {
		return cause
	}
	if err == nil || errors.Is(err, io.EOF) {
		return errors.New("sctptransport: the peer has ended the association")
	}
	return fmt.Errorf("sctptransport: %w", err)
}
