package webrtc

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/parleyrtc/webrtc/internal/codec"
	"github.com/parleyrtc/webrtc/internal/rtcerr"
	"github.com/parleyrtc/webrtc/sdp"
	"github.com/parleyrtc/webrtc/signaling"
)

// An RTPTransceiver is a sender and a receiver that share a section of the
// descriptions (webrtc-pc §5.4). AddTrack, AddTransceiverFromKind and
// AddTransceiverFromTrack make one, and so does a remote description that
// offers media for which there is none.
type RTPTransceiver struct {
	pc       *PeerConnection
	id       signaling.TransceiverID
	kind     RTPCodecType
	receiver *RTPReceiver
	sender   atomic.Pointer[RTPSender]
	view     atomic.Pointer[transceiverView]

	// All below belongs to the loop.
	mid       string
	direction RTPTransceiverDirection // [[Direction]]
	current   RTPTransceiverDirection // [[CurrentDirection]], Unknown for null
	fired     RTPTransceiverDirection // [[FiredDirection]], Unknown for null
	stopping  bool                    // [[Stopping]]
	stopped   bool                    // [[Stopped]]
	// byAddTrack says that AddTrack made the transceiver or has used it.
	byAddTrack bool
	// hasSent says that the sender was negotiated to send once.
	hasSent bool
	// preferred is [[PreferredCodecs]]; nil is no preference.
	preferred []codec.Codec
	// extensions is [[HeaderExtensionsToNegotiate]] as the program has set it, nil if
	// it has not; it is replaced, never changed. extensionsAsked says that it was
	// since the last answer.
	extensions      []RTPHeaderExtensionCapability
	extensionsAsked bool
	transport       *transport // of the section, nil before it is described
	media           *signaling.Media
}

// transceiverView is what the getters of a transceiver read.
type transceiverView struct {
	mid                string
	direction, current RTPTransceiverDirection
}

func (t *RTPTransceiver) publish() {
	v := transceiverView{mid: t.mid, direction: t.direction, current: t.current}
	if t.stopping || t.stopped {
		v.direction = RTPTransceiverDirectionStopped
	}
	if t.stopped {
		v.current = RTPTransceiverDirectionStopped
	}
	t.view.Store(&v)
}

// Mid returns the identification tag of the transceiver's section (RFC 9143
// §5), or "" before it has one, after a rollback that takes it back, and once the
// transceiver's end has been negotiated.
func (t *RTPTransceiver) Mid() string { return t.view.Load().mid }

// Kind returns whether audio or video flows.
func (t *RTPTransceiver) Kind() RTPCodecType { return t.kind }

// Sender returns the transceiver's sender; it is never nil.
func (t *RTPTransceiver) Sender() *RTPSender { return t.sender.Load() }

// Receiver returns the transceiver's receiver; it is never nil.
func (t *RTPTransceiver) Receiver() *RTPReceiver { return t.receiver }

// Direction returns the direction that descriptions of this side will ask for
// (webrtc-pc §5.4): stopped once Stop was called.
func (t *RTPTransceiver) Direction() RTPTransceiverDirection { return t.view.Load().direction }

// CurrentDirection returns the direction that was negotiated last, the zero
// value before any was, and stopped for good once the transceiver's section was
// rejected (webrtc-pc §5.4).
func (t *RTPTransceiver) CurrentDirection() RTPTransceiverDirection { return t.view.Load().current }

// SetDirection changes the direction that descriptions of this side ask for
// (webrtc-pc §5.4): inactive puts a call on hold. It takes effect with the next
// exchange of descriptions, which is announced as needed.
//
// It returns a TypeError for a direction that is none of the four, and an
// InvalidStateError once Stop was called and after Close.
func (t *RTPTransceiver) SetDirection(direction RTPTransceiverDirection) error {
	if direction < RTPTransceiverDirectionSendrecv || direction > RTPTransceiverDirectionInactive {
		return &rtcerr.TypeError{Err: fmt.Errorf("direction %s; sendrecv, sendonly, recvonly or inactive is needed", direction)}
	}
	return t.pc.attempt("SetDirection", func(time.Time) error {
		if t.stopping {
			return errStopped("SetDirection")
		}
		if t.direction == direction {
			return nil
		}
		t.direction = direction
		t.publish()
		t.pc.updateNegotiationNeeded()
		return nil
	})
}

// Stop ends the transceiver for good (webrtc-pc §5.4): nothing is sent or
// received any more, the receiver's track ends, and the next exchange of
// descriptions tells the peer. Calling it again does nothing.
//
// It returns an InvalidStateError after Close.
func (t *RTPTransceiver) Stop() error {
	return t.pc.attempt("Stop", func(now time.Time) error {
		if !t.stopping {
			t.stopSendingAndReceiving(now)
			t.pc.updateNegotiationNeeded()
		}
		return nil
	})
}

// stopSendingAndReceiving is the algorithm of webrtc-pc §5.4.
func (t *RTPTransceiver) stopSendingAndReceiving(now time.Time) {
	// "Stop sending media with sender. Send an RTCP BYE for each RTP stream that
	// was being sent by sender. Stop receiving media with receiver."
	t.stopping = true
	t.direction = RTPTransceiverDirectionInactive
	t.publish()
	t.Sender().refresh()
	if !t.pc.isClosed.Load() {
		t.pc.refreshReceivers(t.transport)
	}
	// "If receiver.[[ReceiverTrack]] is live, ... ended"
	t.receiver.end()
}

// stop is the algorithm that a rejected section and a negotiated Stop run
// (webrtc-pc §5.4, "stop the RTCRtpTransceiver").
func (t *RTPTransceiver) stop(now time.Time) {
	if !t.stopping {
		t.stopSendingAndReceiving(now)
	}
	t.stopped = true
	t.current = RTPTransceiverDirectionUnknown
	t.media = nil
	t.publish()
	t.Sender().refresh()
}

// SetCodecPreferences orders and limits the codecs that the next descriptions
// name for the transceiver (webrtc-pc §5.4.2). Each has to be one of the
// MediaEngine's, payload type and feedback aside; nil or none goes back to
// those.
//
// It returns an InvalidModificationError for a codec that is not registered and
// for a list that has only RTX, RED, FEC and the like, and an InvalidStateError
// after Close.
func (t *RTPTransceiver) SetCodecPreferences(codecs []RTPCodecParameters) error {
	return t.pc.attempt("SetCodecPreferences", func(time.Time) error {
		preferred, err := t.pc.preferredCodecs(t.kind, codecs)
		if err != nil {
			return err
		}
		t.preferred = preferred
		return nil
	})
}

// preferredCodecs is the check of webrtc-pc §5.4.2. The registered form of each
// codec is what descriptions need.
func (pc *PeerConnection) preferredCodecs(kind RTPCodecType, wanted []RTPCodecParameters) ([]codec.Codec, error) {
	if len(wanted) == 0 {
		return nil, nil
	}
	registered := pc.engine.codecs(codec.Kind(kind))
	var out []codec.Codec
	media := false
	for _, w := range wanted {
		c := codecFrom(w)
		// Several registered codecs may match, such as RTX of each: the payload
		// type tells which was meant.
		i := slices.IndexFunc(registered, func(r codec.Codec) bool {
			return r.PayloadType == c.PayloadType && sameFormat(r, c)
		})
		if i < 0 {
			i = slices.IndexFunc(registered, func(r codec.Codec) bool { return sameFormat(r, c) })
		}
		if i < 0 {
			return nil, &rtcerr.InvalidModificationError{Err: rtcerr.Because(ErrCodecNotFound,
				fmt.Errorf("%s/%d %q is not registered for %s", c.MimeType, c.ClockRate, c.Fmtp, kind))}
		}
		r := registered[i]
		media = media || !r.IsAuxiliary()
		// "Remove any duplicate values in codecs."
		if !slices.ContainsFunc(out, func(o codec.Codec) bool { return o.PayloadType == r.PayloadType }) {
			out = append(out, r)
		}
	}
	if !media {
		return nil, &rtcerr.InvalidModificationError{Err: fmt.Errorf("the codecs are RTX, RED, FEC and the like only; one of media is needed")}
	}
	return out, nil
}

// sameFormat says whether a codec that a program names is a registered one
// (webrtc-pc §5.4.2, the codec dictionary match algorithm): "If first.sdpFmtpLine
// and second.sdpFmtpLine are different, return false". A program may leave the
// parameters out where one registered codec matches without them.
func sameFormat(registered, named codec.Codec) bool {
	if registered.IsRTX() || registered.IsRED() {
		return strings.EqualFold(registered.MimeType, named.MimeType) && registered.ClockRate == named.ClockRate &&
			(named.Fmtp == "" || named.Fmtp == registered.Fmtp)
	}
	sameChannels := named.Channels == 0 || max(named.Channels, 1) == max(registered.Channels, 1)
	return codec.Match(registered, named) && sameChannels && (named.Fmtp == "" || sameParameters(registered.Fmtp, named.Fmtp))
}

// sameParameters compares values of a=fmtp, the order of parameters aside.
func sameParameters(a, b string) bool {
	split := func(s string) []string {
		list := strings.Split(strings.ToLower(s), ";")
		for i := range list {
			list[i] = strings.TrimSpace(list[i])
		}
		slices.Sort(list)
		return list
	}
	return slices.Equal(split(a), split(b))
}

// SetMid is there for programs that call it: the library assigns mids. It
// returns an InvalidStateError if the transceiver has one already.
func (t *RTPTransceiver) SetMid(mid string) error {
	return &rtcerr.InvalidStateError{Err: fmt.Errorf("the mid %q cannot be set: SetLocalDescription and SetRemoteDescription assign mids", mid)}
}

// SetSender replaces the sender's track by track; the sender has to be the
// transceiver's own. It is RTPSender.ReplaceTrack, for programs that call it,
// and returns its errors.
func (t *RTPTransceiver) SetSender(s *RTPSender, track TrackLocal) error {
	if s != t.Sender() {
		return &rtcerr.InvalidAccessError{Err: rtcerr.Because(ErrSenderNotCreatedByConnection, fmt.Errorf("the sender is another transceiver's"))}
	}
	return s.ReplaceTrack(track)
}

// described returns the transceiver as signaling sees it.
func (t *RTPTransceiver) described() signaling.Transceiver {
	s := t.Sender()
	d := signaling.Transceiver{
		ID:         t.id,
		Kind:       codec.Kind(t.kind),
		Direction:  directionTo(t.direction),
		Stopping:   t.stopping,
		ByAddTrack: t.byAddTrack,
		Codecs:     t.preferred,
		Extensions: t.describedExtensions(),
		StreamIDs:  s.streamIDs,
		TrackID:    s.id,
		Encodings:  s.described(),
	}
	d.PreferOwnOrder = d.Codecs != nil
	if d.Codecs == nil {
		d.Codecs = t.pc.engine.codecs(codec.Kind(t.kind))
	}
	return d
}

func directionTo(d RTPTransceiverDirection) sdp.Direction {
	switch d {
	case RTPTransceiverDirectionSendrecv:
		return sdp.DirectionSendrecv
	case RTPTransceiverDirectionSendonly:
		return sdp.DirectionSendonly
	case RTPTransceiverDirectionRecvonly:
		return sdp.DirectionRecvonly
	default:
		return sdp.DirectionInactive
	}
}

func directionFrom(d sdp.Direction) RTPTransceiverDirection {
	switch d {
	case sdp.DirectionSendrecv:
		return RTPTransceiverDirectionSendrecv
	case sdp.DirectionSendonly:
		return RTPTransceiverDirectionSendonly
	case sdp.DirectionRecvonly:
		return RTPTransceiverDirectionRecvonly
	case sdp.DirectionInactive:
		return RTPTransceiverDirectionInactive
	default:
		return RTPTransceiverDirectionUnknown
	}
}

// receives says whether a direction has media come in.
func (t RTPTransceiverDirection) receives() bool {
	return t == RTPTransceiverDirectionSendrecv || t == RTPTransceiverDirectionRecvonly
}

// sends says whether a direction has media go out.
func (t RTPTransceiverDirection) sends() bool {
	return t == RTPTransceiverDirectionSendrecv || t == RTPTransceiverDirectionSendonly
}

func errStopped(operation string) error {
	return &rtcerr.InvalidStateError{Err: fmt.Errorf("%s: the transceiver is stopped", operation)}
}
