package dtlstransport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/pion/dtls/v3"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

// closeWait bounds how long Close waits for the transport's goroutine, which
// can be held up by nothing but an OnState function that blocks.
const closeWait = 2 * time.Second

// Transport is one DTLS association over whatever path ICE has selected
// (RFC 8842, RFC 8827 §6.5). It carries application data, for SCTP, and makes
// the keys of SRTP.
//
// All methods may be called from any goroutine.
type Transport struct {
	cfg  Config
	path *path
	data *packetQueue

	// done is closed when the transport's goroutine has ended; Start makes it.
	done chan struct{}

	mu     sync.Mutex // guards what follows
	state  State
	err    error // why the transport failed
	role   Role
	remote []Fingerprint
	cancel context.CancelFunc
	engine *dtls.Conn
	// session is the engine's state at the end of the handshake.
	session *dtls.State
	profile dtls.SRTPProtectionProfile
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
	return &Transport{
		cfg:  cfg,
		path: newPath(cfg.Send),
		// What does not fit is dropped as the network would, so that close_notify
		// gets through even if nobody reads.
		data: newPacketQueue(windowPackets, windowBytes),
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
	t.engine, t.cancel, t.state = engine, cancel, StateConnecting
	t.done = make(chan struct{})
	t.path.lastFlightGap = t.cfg.FlightInterval / 2
	t.path.in.limit(inboundPackets, inboundBytes)
	go t.run(ctx, func() { cancel(); stop() })
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

// HandleDatagram takes a datagram that arrived from the peer. It never blocks
// and copies what it keeps. What is malformed, unprotected where it must not
// be, or more than the queue holds is dropped and counted.
func (t *Transport) HandleDatagram(b []byte) { t.path.deliver(b) }

// run is the transport's goroutine: the handshake, then reading, then the end.
func (t *Transport) run(ctx context.Context, stop func()) {
	defer close(t.done)
	t.notify(StateConnecting, nil)
	err := t.engine.HandshakeContext(ctx)
	stop()
	if err != nil {
		t.finish(StateFailed, t.handshakeError(err))
		return
	}
	t.path.established.Store(true)
	if err := t.checkVerified(); err != nil {
		t.finish(StateFailed, err)
		return
	}
	t.path.in.limit(windowPackets, windowBytes)
	if t.connected() {
		t.notify(StateConnected, nil)
	}
	t.readAll()
	if t.path.notified() {
		t.finish(StateClosed, nil)
		return
	}
	// The engine does not tell the number of an alert that came protected.
	t.finish(StateFailed, dtlsFailure(errors.New("the peer ended the session with a fatal alert"), nil, nil))
}

// connected records what the handshake settled. It returns false if the
// transport was closed meanwhile.
func (t *Transport) connected() bool {
	session, ok := t.engine.ConnectionState()
	t.mu.Lock()
	defer t.mu.Unlock()
	if ok {
		t.session = &session
		t.peer = session.PeerCertificates
	}
	t.profile, _ = t.engine.SelectedSRTPProtectionProfile()
	if t.state != StateConnecting {
		return false
	}
	t.state = StateConnected
	return true
}

// readAll moves application data from the engine to the queue until the engine
// has ended.
func (t *Transport) readAll() {
	buf := make([]byte, t.maxRecord())
	for {
		n, err := t.engine.Read(buf)
		switch {
		case err == nil:
			if !t.data.push(buf[:n]) {
				t.path.count.dataFull.Add(1)
			}
		case errors.Is(err, io.EOF):
			return
		default:
			// A warning alert, or a record that is too long: the session goes on
			// (RFC 5246 §7.2.2).
			t.cfg.Logger.Debug("dtls: read", "error", err)
		}
	}
}

// finish ends the session in the state given, unless Close did so before.
func (t *Transport) finish(state State, err error) {
	t.mu.Lock()
	ours := t.state == StateClosed
	if !ours {
		t.state, t.err = state, err
	}
	t.mu.Unlock()
	_ = t.engine.Close()
	if ours {
		return
	}
	if err == nil {
		t.data.close(io.EOF)
	} else {
		t.data.close(err)
	}
	t.notify(state, err)
}

func (t *Transport) notify(state State, err error) {
	t.cfg.Logger.Debug("dtls: state", "state", state.String(), "error", err)
	if t.cfg.OnState == nil {
		return
	}
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
// when the transport's goroutine has ended, or after two seconds if OnState
// blocks; later calls do nothing.
func (t *Transport) Close() error {
	t.mu.Lock()
	was := t.state
	t.state = StateClosed
	cancel, engine, done := t.cancel, t.engine, t.done
	t.mu.Unlock()

	t.data.close(net.ErrClosed)
	if was == StateNew || engine == nil {
		return t.path.Close()
	}
	cancel()
	err := engine.Close()
	t.data.discard()
	timer := time.NewTimer(closeWait)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
		t.cfg.Logger.Error("dtls: OnState blocks, Close does not wait any longer")
	}
	if errors.Is(err, net.ErrClosed) {
		err = nil
	}
	return err
}
