package dtlstransport

import (
	"errors"
	"fmt"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

// engineAlert is what the engine's error for an alert of the peer's offers.
type engineAlert interface {
	error
	IsFatalOrCloseNotify() bool
	Marshal() ([]byte, error)
}

// handshakeError turns the engine's error into what the program sees.
func (t *Transport) handshakeError(err error) error {
	sent, received := t.path.alerts()
	if a, ok := errors.AsType[engineAlert](err); ok {
		if b, err := a.Marshal(); err == nil && len(b) == 2 {
			n := uint32(b[1])
			received = &n
		}
	}
	t.mu.Lock()
	refused := t.verifyErr
	t.mu.Unlock()
	if refused != nil {
		e := fingerprintFailure(refused)
		e.Sent, e.Received = sent, received
		return e
	}
	return dtlsFailure(fmt.Errorf("handshake: %w", err), sent, received)
}

// checkVerified returns an error if the handshake got by without a certificate
// of the peer's, which Config.ClientAuth or a custom suite may allow. WebRTC
// does not: without it, nobody knows with whom the session is (RFC 8827 §6.5).
func (t *Transport) checkVerified() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.verified {
		return nil
	}
	return fingerprintFailure(ErrNoCertificate)
}

func dtlsFailure(cause error, sent, received *uint32) *rtcerr.RTCError {
	return &rtcerr.RTCError{Detail: rtcerr.DetailDTLSFailure, Sent: sent, Received: received, Err: fmt.Errorf("dtlstransport: %w", cause)}
}

func fingerprintFailure(cause error) *rtcerr.RTCError {
	return &rtcerr.RTCError{Detail: rtcerr.DetailFingerprintFailure, Err: fmt.Errorf("dtlstransport: %w", cause)}
}
