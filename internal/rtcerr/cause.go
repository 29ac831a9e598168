package rtcerr

import (
	"errors"
	"fmt"
	"net"
)

// The reasons that the root package publishes under the same names and that
// rooms below it give. Because attaches them.
var (
	ErrConnectionClosed            = fmt.Errorf("connection closed: %w", net.ErrClosed)
	ErrDataChannelNotOpen          = errors.New("data channel not open")
	ErrStringSizeLimit             = errors.New("data channel label too long")
	ErrProtocolTooLarge            = errors.New("data channel protocol too long")
	ErrMaxDataChannelID            = errors.New("data channel id too large")
	ErrNegotiatedWithoutID         = errors.New("negotiated data channel without id")
	ErrRetransmitsOrPacketLifeTime = errors.New("both MaxPacketLifeTime and MaxRetransmits")
	ErrNoRemoteDescription         = errors.New("no remote description")
	ErrIncorrectSignalingState     = errors.New("wrong signaling state")
	ErrSDPUnmarshalling            = errors.New("the session description does not parse")
	ErrMissingFingerprint          = errors.New("no fingerprint")
	ErrHeaderEncryptionRequired    = errors.New("encrypted header extensions are required")
	ErrMissingUfrag                = errors.New("no ice-ufrag")
	ErrMissingPwd                  = errors.New("no ice-pwd")
)

// Because returns an error with the text of err in which errors.Is and
// errors.As find reason, too: the text says what was wrong with which value,
// the reason is what programs test for.
func Because(reason, err error) error { return &because{err: err, reason: reason} }

type because struct{ err, reason error }

func (b *because) Error() string   { return b.err.Error() }
func (b *because) Unwrap() []error { return []error{b.err, b.reason} }
