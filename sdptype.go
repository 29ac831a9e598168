package webrtc

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

// SDPType is the type of a session description (webrtc-pc §4.6.1, RTCSdpType).
type SDPType int

const (
	// SDPTypeUnknown is the zero value. A SessionDescription of this type and
	// without text stands for SetLocalDescription without arguments.
	SDPTypeUnknown SDPType = iota

	// SDPTypeOffer marks an offer (RFC 3264).
	SDPTypeOffer

	// SDPTypePranswer marks an answer that a later one may replace; the offer
	// stays open (RFC 9429 §4.1.10.1).
	SDPTypePranswer

	// SDPTypeAnswer marks the final answer, which ends the exchange.
	SDPTypeAnswer

	// SDPTypeRollback cancels the offer under negotiation and returns to the
	// last stable state (RFC 9429 §4.1.10.2). The text of such a description is
	// ignored.
	SDPTypeRollback
)

var sdpTypeNames = []string{unknownName, "offer", "pranswer", "answer", "rollback"}

// NewSDPType returns the type with the given name, in either case, and
// SDPTypeUnknown for any other text.
func NewSDPType(raw string) SDPType {
	t, _ := valueOf[SDPType](sdpTypeNames, strings.ToLower(raw))
	return t
}

// String returns W3C's name, such as "offer", or "unknown".
func (t SDPType) String() string { return nameOf(sdpTypeNames, t) }

// MarshalJSON writes the type's name.
func (t SDPType) MarshalJSON() ([]byte, error) { return json.Marshal(t.String()) }

// UnmarshalJSON reads a type's name in either case. Any other text, null
// included, is a *rtcerr.TypeError that matches ErrUnknownType, and leaves t as
// it was: W3C requires the member.
func (t *SDPType) UnmarshalJSON(b []byte) error {
	var name string
	if err := json.Unmarshal(b, &name); err != nil {
		return err
	}
	v := NewSDPType(name)
	if v == SDPTypeUnknown {
		return &rtcerr.TypeError{Err: fmt.Errorf("%w session description type %q; %w", ErrUnknownType, name, oneOf(sdpTypeNames))}
	}
	*t = v
	return nil
}
