package dtlstransport

import (
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

// Write sends p as one record. It does not wait for the network: a path that is
// dead or not there loses the record. A record should not exceed MaxPayload;
// more than 2048 bytes, or the configured MTU if that is more, are an
// *rtcerr.TypeError.
//
// Otherwise the error is an *rtcerr.InvalidStateError before the transport is connected,
// the cause after it failed, and one that matches net.ErrClosed after Close or
// the peer's close_notify.
func (t *Transport) Write(p []byte) (int, error) {
	t.mu.Lock()
	state, engine, failure := t.state, t.engine, t.err
	t.mu.Unlock()
	switch {
	case state == StateConnected:
	case state == StateClosed:
		return 0, fmt.Errorf("dtlstransport: write: %w", net.ErrClosed)
	case failure != nil:
		return 0, failure
	default:
		return 0, &rtcerr.InvalidStateError{Err: fmt.Errorf("dtlstransport: write: the state is %v, want connected", state)}
	}
	if len(p) > t.maxRecord() {
		return 0, &rtcerr.TypeError{Err: fmt.Errorf("dtlstransport: write of %d bytes, want at most %d", len(p), t.maxRecord())}
	}
	n, err := engine.Write(p)
	if err != nil {
		// The path refuses nothing, so that the engine fails for no other reason
		// than its end, of which run may not have heard yet.
		return 0, fmt.Errorf("dtlstransport: write: %w: %w", net.ErrClosed, err)
	}
	return n, nil
}

// maxRecord returns the length of the longest record content that is sent and
// received. SCTP keeps its packets to the path's MTU (RFC 8261 §5).
func (t *Transport) maxRecord() int { return max(pooledSize, t.cfg.MTU) }

// recordOverhead is what a record adds to its content: the header, the
// explicit nonce and the tag of AES-GCM (RFC 5288 §3), the longest of the suites.
const recordOverhead = recordHeaderLen + 8 + 16

// MaxPayload returns the size of the largest Write that fits into a datagram of
// the configured MTU.
func (t *Transport) MaxPayload() int { return t.cfg.MTU - recordOverhead }
