package dtlstransport

import (
	"errors"
	"fmt"
	"net"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

// Read waits for application data and copies one record of it to p. Before the
// transport is connected it waits. A record that is longer than p stays, and
// io.ErrShortBuffer is returned with its length. After the peer's close_notify
// Read returns io.EOF, after a failure the *rtcerr.RTCError, after Close an
// error that matches net.ErrClosed.
func (t *Transport) Read(p []byte) (int, error) { return t.data.pop(p) }

// Write sends p as one record: Append, then Flush. It does not wait for the
// network: a path that is dead or not there loses the record.
func (t *Transport) Write(p []byte) (int, error) {
	if err := t.Append(p); err != nil {
		return 0, err
	}
	t.Flush()
	return len(p), nil
}

// Append seals p as one record of application data, behind those that wait for
// Flush, and does not keep it. A burst of 64 records, or 64 KiB, leaves by
// itself. Several goroutines may call Append and Flush: the records leave in the
// order in which they were appended. A record should not exceed MaxPayload; more
// than 2048 bytes, or the configured MTU if that is more, are an *rtcerr.TypeError.
//
// Otherwise the error is an *rtcerr.InvalidStateError before the transport is connected,
// the cause after it failed, and one that matches net.ErrClosed after Close or
// the peer's close_notify.
func (t *Transport) Append(p []byte) error {
	s := t.sealer.Load()
	if s == nil {
		return t.appendByEngine(p)
	}
	if err := t.checkSize(p); err != nil {
		return err
	}
	switch err := s.append(p); {
	case err == nil:
		return nil
	case errors.Is(err, errExhausted):
		t.in.mu.Lock()
		t.in.phase = phaseOver // the peer's answer does not make it an orderly end
		t.in.mu.Unlock()
		s.alert(alertWarning, alertCloseNotify)
		t.finish(StateFailed, dtlsFailure(err, nil, nil))
	}
	return t.notConnected()
}

// Flush hands the records that wait to Config.Send, in one call.
func (t *Transport) Flush() {
	if s := t.sealer.Load(); s != nil {
		s.flush()
	}
}

// appendByEngine is Append where the records are the engine's, which seals and
// sends each by itself.
func (t *Transport) appendByEngine(p []byte) error {
	t.mu.Lock()
	state, engine := t.state, t.engine
	t.mu.Unlock()
	if state != StateConnected || engine == nil {
		return t.notConnected()
	}
	if err := t.checkSize(p); err != nil {
		return err
	}
	if _, err := engine.Write(p); err != nil {
		// The path refuses nothing, so that the engine fails for no other reason
		// than its end, of which run may not have heard yet.
		return fmt.Errorf("dtlstransport: write: %w: %w", net.ErrClosed, err)
	}
	return nil
}

func (t *Transport) checkSize(p []byte) error {
	if len(p) <= t.maxRecord() {
		return nil
	}
	return &rtcerr.TypeError{Err: fmt.Errorf("dtlstransport: write of %d bytes, want at most %d", len(p), t.maxRecord())}
}

// notConnected returns why nothing can be written.
func (t *Transport) notConnected() error {
	t.mu.Lock()
	state, failure := t.state, t.err
	t.mu.Unlock()
	switch {
	case state == StateFailed && failure != nil:
		return failure
	case state == StateNew || state == StateConnecting:
		return &rtcerr.InvalidStateError{Err: fmt.Errorf("dtlstransport: write: the state is %v, want connected", state)}
	}
	return fmt.Errorf("dtlstransport: write: %w", net.ErrClosed)
}

// transmit hands datagrams to the path.
func (t *Transport) transmit(datagrams [][]byte) { t.count.deliver(t.cfg.Send, datagrams) }

// maxRecord returns the length of the longest record content that is sent and
// received. SCTP keeps its packets to the path's MTU (RFC 8261 §5).
func (t *Transport) maxRecord() int { return max(pooledSize, t.cfg.MTU) }

// recordOverhead is what a record adds to its content: the header, the
// explicit nonce and the tag of AES-GCM (RFC 5288 §3), the longest of the suites.
const recordOverhead = recordHeaderLen + 8 + tagLen

// MaxPayload returns the size of the largest Write that fits into a datagram of
// the configured MTU.
func (t *Transport) MaxPayload() int { return t.cfg.MTU - recordOverhead }
