package sctptransport

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
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
	engine  *sctp.Association // there when up is closed, unless Dial has failed
	up      chan struct{}
	conn    *conn
	resets  resets
	stall   stall
	streams streams

	onRoom   atomic.Pointer[func()]
	wantRoom atomic.Bool

	closing atomic.Bool
	ending  ending
	tasks   tasks
}

// Dial brings an association up over c.Conn and returns it. It blocks until the
// peer has answered or ctx is done, or not at all with the INIT chunks of both;
// c.Conn is closed if it fails.
//
// Both peers may dial at once, in which case the two handshakes become one
// (RFC 9260 §5.2.1), and both do in WebRTC: whoever is ready first saves time.
func Dial(ctx context.Context, c Config) (*Association, error) {
	c, err := c.withDefaults()
	if err != nil {
		if c.Conn != nil {
			c.Conn.Close()
		}
		return nil, err
	}
	a := &Association{up: make(chan struct{})}
	a.ending.a, a.ending.done = a, make(chan struct{})
	a.stall.mtu = c.MTU
	a.conn = newConn(a, c)
	options := append(a.conn.begin(c),
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
	a.engine, err = sctp.ClientContext(ctx, options...)
	close(a.up)
	if err != nil {
		// The engine leaves the connection open when it gives up by itself.
		a.conn.Close()
		return nil, fmt.Errorf("sctptransport: the association did not come up: %w", err)
	}
	return a, nil
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

// makeRoom calls the OnRoom function if somebody waits for it and there is room.
func (a *Association) makeRoom() {
	// wantRoom is first set when Dial has returned: a.engine is there then.
	if !a.wantRoom.Load() || a.Room() == 0 || !a.wantRoom.Swap(false) {
		return
	}
	if f := a.onRoom.Load(); f != nil {
		(*f)()
	}
}
