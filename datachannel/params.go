package datachannel

import (
	"errors"
	"fmt"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

// maxText is the longest label or protocol in bytes: both have a length field
// of 16 bits (RFC 8832 §5.1).
const maxText = 65535

// MaxID is the largest id of a channel. 65535 is kept back by SCTP
// (RFC 8832 §5, webrtc-pc §6.2).
const MaxID = 65534

// Priority is the weight of a channel among the others of its connection, with
// the values of RFC 8832 §8.2.2; any other is weighed in proportion.
type Priority uint16

// The priorities of RFC 8831 §6.4, each twice as heavy as the one before.
const (
	PriorityVeryLow Priority = 128
	PriorityLow     Priority = 256
	PriorityMedium  Priority = 512
	PriorityHigh    Priority = 1024
)

// Params are the properties of a channel (RTCDataChannelInit, webrtc-pc §6.1.1).
type Params struct {
	// Label and Protocol are at most 65535 bytes of UTF-8.
	Label, Protocol string
	// Ordered channels deliver messages in the order in which they were sent.
	Ordered bool
	// MaxRetransmits, if not nil, is how often a message is sent again at most.
	MaxRetransmits *uint16
	// MaxPacketLifeTime, if not nil, is for how many milliseconds after Send a
	// message is sent or sent again. At most one of the two limits is set.
	MaxPacketLifeTime *uint16
	// Negotiated channels are opened by both programs, with the same ID, and
	// without a message to the peer.
	Negotiated bool
	// ID is the channel's id, 0 to MaxID. It is required for negotiated
	// channels and otherwise ignored: the session assigns one.
	ID *uint16
	// Priority weighs the channel; zero means PriorityLow, the default of
	// webrtc-priority §4.
	Priority Priority
}

// check applies the argument checks of createDataChannel (webrtc-pc §6.1) and
// returns p as the algorithm leaves it.
func (p Params) check() (Params, error) {
	// "If the UTF-8 representation of label is longer than 65535 bytes, throw a
	// TypeError"; the same for protocol.
	if len(p.Label) > maxText {
		return p, typeErrorFor(rtcerr.ErrStringSizeLimit, "the label has %d bytes, at most %d are allowed", len(p.Label), maxText)
	}
	if len(p.Protocol) > maxText {
		return p, typeErrorFor(rtcerr.ErrProtocolTooLarge, "the protocol has %d bytes, at most %d are allowed", len(p.Protocol), maxText)
	}
	if !p.Negotiated {
		p.ID = nil
	} else if p.ID == nil {
		return p, typeErrorFor(rtcerr.ErrNegotiatedWithoutID, "a negotiated channel needs an id")
	}
	if p.MaxPacketLifeTime != nil && p.MaxRetransmits != nil {
		return p, typeErrorFor(rtcerr.ErrRetransmitsOrPacketLifeTime, "maxPacketLifeTime and maxRetransmits exclude each other")
	}
	if p.ID != nil && *p.ID > MaxID {
		return p, typeErrorFor(rtcerr.ErrMaxDataChannelID, "the id is %d, the largest is %d", *p.ID, MaxID)
	}
	if p.Priority == 0 {
		p.Priority = PriorityLow
	}
	// The caller may reuse his variables.
	p.ID, p.MaxRetransmits, p.MaxPacketLifeTime = clone(p.ID), clone(p.MaxRetransmits), clone(p.MaxPacketLifeTime)
	return p, nil
}

func clone(v *uint16) *uint16 {
	if v == nil {
		return nil
	}
	return new(*v)
}

func typeError(format string, args ...any) error {
	return &rtcerr.TypeError{Err: fmt.Errorf("datachannel: "+format, args...)}
}

// typeErrorFor is typeError for a reason that programs may test for.
func typeErrorFor(reason error, format string, args ...any) error {
	return &rtcerr.TypeError{Err: rtcerr.Because(reason, fmt.Errorf("datachannel: "+format, args...))}
}

func operationError(format string, args ...any) error {
	return &rtcerr.OperationError{Err: fmt.Errorf("datachannel: "+format, args...)}
}

func invalidState(err error) error {
	if err == nil {
		err = errors.New("datachannel: the channel is not open")
	}
	return &rtcerr.InvalidStateError{Err: rtcerr.Because(rtcerr.ErrDataChannelNotOpen, err)}
}
