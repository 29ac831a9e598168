package dtlstransport

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/dtls/v3"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

// closeWait bounds how long Close waits for calls of OnState, and for the
// goroutine of the handshake, which nothing else can hold up.
const closeWait = 2 * time.Second

// Transport is one DTLS association over whatever path ICE has selected
// (RFC 8842, RFC 8827 §6.5). It carries application data, for SCTP, and makes
// the keys of SRTP.
//
// All methods may be called from any goroutine.
type Transport struct {
	cfg   Config
	data  *packetQueue
	conns int // that are open; guarded by the lock of data
	count *counters

	// in receives. path is the engine's; it is nil once the records are ours.
	// Besides the transport's goroutine, only who holds in.mu uses path.
	in   inbound
	path *path
	// sealer is nil until the records are ours.
	sealer atomic.Pointer[sealer]

	// done is closed when the transport's goroutine has ended; Start makes it.
	done chan struct{}
	// turn holds one token while OnState is called.
	turn chan struct{}

	mu     sync.Mutex // guards what follows
	state  State
	err    error // why the transport failed
	role   Role
	remote []Fingerprint
	cancel context.CancelFunc
	// engine is set where the records stay the engine's, from connected on.
	engine *dtls.Conn
	// session is what the handshake has settled; nil before.
	session *session
	profile dtls.SRTPProtectionProfile
	group   string // of the key agreement
	// local is the chain of the certificate that we presented.
	local [][]byte
	// peer is the chain that the peer presented, verified or not.
	peer [][]byte
	// verified is set once the peer's certificate was accepted; verifyErr is why
	// it was refused.
	verified  bool
	verifyErr error
}

// New returns a transport in the state New. It queues what HandleDatagram
// brings until Start. The error is an *rtcerr.TypeError.
func New(cfg Config) (*Transport, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	path := newPath(cfg.Send)
	return &Transport{
		cfg:   cfg,
		path:  path,
		count: path.count,
		turn:  make(chan struct{}, 1),
		// What does not fit is dropped as the network would, so that close_notify
		// gets through even if nobody reads.
		data: newPacketQueue(inboundPackets, inboundBytes),
	}, nil
}

// Start begins the handshake and returns. The peer's certificate must have one
// of the fingerprints in remote, see VerifyPeer; without a usable one nothing
// is started (RFC 8827 §6.5).
//
// The error is an *rtcerr.InvalidStateError if the transport has been started
// or closed (which matches net.ErrClosed), an *rtcerr.TypeError for a role that
// is none, and an *rtcerr.RTCError of the kind fingerprint-failure if no
// fingerprint can be used.
func (t *Transport) Start(role Role, remote []Fingerprint) error {
	if role != Active && role != Passive {
		return &rtcerr.TypeError{Err: fmt.Errorf("dtlstransport: %v, want active or passive", role)}
	}
	if err := t.checkUsable(remote); err != nil {
		return fingerprintFailure(err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	switch t.state {
	case StateNew:
	case StateClosed:
		return &rtcerr.InvalidStateError{Err: fmt.Errorf("dtlstransport: start: %w", net.ErrClosed)}
	default:
		return &rtcerr.InvalidStateError{Err: fmt.Errorf("dtlstransport: start: the state is %v, want new", t.state)}
	}
	t.role, t.remote = role, slices.Clone(remote)
	engine, err := t.newEngine()
	if err != nil {
		return dtlsFailure(err, nil, nil)
	}
	ctx, stop := t.handshakeContext()
	ctx, cancel := context.WithCancel(ctx)
	t.cancel, t.state = cancel, StateConnecting
	t.done = make(chan struct{})
	t.path.lastFlightGap = t.cfg.FlightInterval / 2
	t.path.in.limit(inboundPackets, inboundBytes)
	go t.run(ctx, engine, func() { cancel(); stop() })
	return nil
}

// SetFlightInterval changes Config.FlightInterval, for what ICE has measured
// since New: see FlightInterval. It has no effect after Start, nor with a value
// that is not positive.
func (t *Transport) SetFlightInterval(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if d > 0 && t.state == StateNew {
		t.cfg.FlightInterval = d
	}
}

func (t *Transport) handshakeContext() (context.Context, func()) {
	if t.cfg.ConnectContext != nil {
		ctx, stop := t.cfg.ConnectContext()
		if ctx == nil {
			ctx = context.Background()
		}
		if stop == nil {
			stop = func() {}
		}
		return ctx, stop
	}
	if t.cfg.HandshakeTimeout < 0 {
		return context.Background(), func() {}
	}
	ctx, cancel := context.WithTimeout(context.Background(), t.cfg.HandshakeTimeout)
	return ctx, cancel
}

// run is the transport's goroutine. It ends with the handshake if the records
// are ours from then on.
func (t *Transport) run(ctx context.Context, engine *dtls.Conn, stop func()) {
	defer close(t.done)
	t.notify(StateConnecting, nil)
	err := engine.HandshakeContext(ctx)
	stop()
	if err != nil {
		err = t.handshakeError(err)
	} else {
		err = t.checkVerified()
	}
	if err != nil {
		_ = engine.Close()
		t.finish(StateFailed, err)
		return
	}
	sealer, ours, err := t.takeOver(engine)
	switch {
	case err != nil:
		t.finish(StateFailed, dtlsFailure(fmt.Errorf("handshake: %w", err), nil, nil))
	case !ours:
		t.runEngine(engine)
		return
	case t.connected(func() { t.sealer.Store(sealer) }):
		t.notify(StateConnected, nil)
		t.drain()
	default:
		// Close came before the records were ours, and left this to do.
		sealer.alert(alertWarning, alertCloseNotify)
	}
	// The path lets nothing of it out.
	_ = engine.Close()
}

// connected makes the state connected, and calls then with t.mu held. It returns
// false if the transport was closed meanwhile.
func (t *Transport) connected(then func()) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.state != StateConnecting {
		return false
	}
	t.state, t.cancel = StateConnected, nil
	then()
	return true
}

// finish ends the session in the state given, unless it is over already.
func (t *Transport) finish(state State, err error) {
	t.mu.Lock()
	over := t.state == StateClosed || t.state == StateFailed
	if !over {
		t.state, t.err = state, err
	}
	t.mu.Unlock()
	t.in.mu.Lock()
	t.in.phase = phaseOver
	t.in.mu.Unlock()
	if over {
		return
	}
	if s := t.sealer.Load(); s != nil {
		s.close()
	}
	t.closeReads(err)
	t.notify(state, err)
}

func (t *Transport) notify(state State, err error) {
	t.cfg.Logger.Debug("dtls: state", "state", state.String(), "error", err)
	if t.cfg.OnState == nil {
		return
	}
	t.turn <- struct{}{}
	defer func() { <-t.turn }()
	t.mu.Lock()
	closed := t.state == StateClosed && state != StateClosed
	t.mu.Unlock()
	if !closed {
		t.cfg.OnState(state, err)
	}
}

// State returns the state.
func (t *Transport) State() State {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.state
}

// Err returns why the transport failed, an *rtcerr.RTCError, nil if it did not.
// It stays after Close.
func (t *Transport) Err() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err
}

// Close ends the association: the peer is told by close_notify if the
// handshake was done (RFC 5246 §7.2.1), once, and Read and Write return errors
// that match net.ErrClosed from then on. The path stays as it is. Close returns
// when the transport's goroutine has ended and OnState has returned, or after
// two seconds if OnState blocks; later calls do nothing.
func (t *Transport) Close() error {
	t.mu.Lock()
	was := t.state
	t.state = StateClosed
	cancel, engine, done := t.cancel, t.engine, t.done
	t.mu.Unlock()

	t.data.close(net.ErrClosed)
	t.in.mu.Lock()
	t.in.phase = phaseOver
	if was == StateNew {
		_ = t.path.Close()
	}
	t.in.mu.Unlock()
	if s := t.sealer.Load(); s != nil && was == StateConnected {
		s.flush()
		s.alert(alertWarning, alertCloseNotify)
	}
	if cancel != nil {
		cancel()
	}
	var err error
	if engine != nil {
		err = engine.Close()
	}
	t.data.discard()
	t.await(done)
	if errors.Is(err, net.ErrClosed) {
		err = nil
	}
	return err
}

// await waits for the transport's goroutine, unless there is none, and for
// OnState.
func (t *Transport) await(done chan struct{}) {
	timer := time.NewTimer(closeWait)
	defer timer.Stop()
	if done == nil {
		done = make(chan struct{})
		close(done)
	}
	select {
	case <-done:
		select {
		case t.turn <- struct{}{}:
			<-t.turn
			return
		case <-timer.C:
		}
	case <-timer.C:
	}
	t.cfg.Logger.Error("dtls: OnState blocks, Close does not wait any longer")
}
