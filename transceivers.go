package webrtc

import (
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
	"github.com/parleyrtc/webrtc/signaling"
)

// RTPTransceiverInit says what AddTransceiverFromKind and
// AddTransceiverFromTrack are to make (webrtc-pc §5.1, RTCRtpTransceiverInit).
type RTPTransceiverInit struct {
	// Direction is the direction to ask for; the zero value is sendrecv.
	Direction RTPTransceiverDirection
	// SendEncodings are the streams to send: one, or several with a RID each for
	// simulcast. None stands for one without a RID. If all that they say is their
	// RIDs and SSRCs, all are Active. Audio has one, and video 16 at most; further
	// ones are left out (webrtc-pc §5.1).
	SendEncodings []RTPEncodingParameters
	// StreamIDs name the streams that the peer is to find the track in. Nil
	// stands for the StreamID of the track, if there is one.
	StreamIDs []string
}

// AddTrack has a track sent to the peer as a part of the stream that its StreamID
// names (webrtc-pc §5.1). A transceiver that has never sent is used, or a new one
// made; the next exchange of descriptions brings the peer to know of it.
//
// It returns an InvalidAccessError (ErrExistingTrack) if the track is being sent
// already, a TypeError for a nil track or one of no kind, and an
// InvalidStateError after Close.
func (pc *PeerConnection) AddTrack(track TrackLocal) (*RTPSender, error) {
	if _, err := checkTrack(track); err != nil {
		return nil, err
	}
	return pc.AddTrackWithStreams(track, streamIDsOf(track)...)
}

// AddTrackWithStreams is AddTrack with the streams that the peer is to find the
// track in; without any the track stands for itself.
func (pc *PeerConnection) AddTrackWithStreams(track TrackLocal, streamIDs ...string) (*RTPSender, error) {
	named, err := checkTrack(track)
	if err != nil {
		return nil, err
	}
	streamIDs = distinct(streamIDs)
	var sender *RTPSender
	err = pc.attempt("AddTrack", func(time.Time) error {
		// webrtc-pc §5.1: "If an RTCRtpSender for track already exists in senders,
		// throw an InvalidAccessError."
		for _, t := range pc.transceivers {
			if t.Sender().sendsTrack(track) {
				return &rtcerr.InvalidAccessError{Err: rtcerr.Because(ErrExistingTrack, fmt.Errorf("the track %q is being sent already", named.id))}
			}
		}
		t := pc.reusableTransceiver(named)
		if t == nil {
			var err error
			t, err = pc.newTransceiver(named.kind, RTPTransceiverDirectionSendrecv, named, streamIDs, nil)
			if err != nil {
				return err
			}
			pc.addTransceiver(t)
		} else {
			// "Set sender.[[SenderTrack]] to track. Set
			// sender.[[AssociatedMediaStreamIds]] ... Enable sending direction on
			// the transceiver."
			s := t.Sender()
			s.takes(named)
			s.streamIDs = streamIDs
			switch t.direction {
			case RTPTransceiverDirectionRecvonly:
				t.direction = RTPTransceiverDirectionSendrecv
			case RTPTransceiverDirectionInactive:
				t.direction = RTPTransceiverDirectionSendonly
			}
			t.publish()
			s.refresh()
		}
		t.byAddTrack = true
		sender = t.Sender()
		pc.updateNegotiationNeeded()
		return nil
	})
	if err != nil {
		return nil, err
	}
	return sender, nil
}

// reusableTransceiver returns the transceiver that AddTrack may use.
//
// webrtc-pc §5.1: "The sender's track is null. The transceiver kind of the
// RTCRtpTransceiver, associated with the sender, matches kind. The [[Stopping]] slot of
// the RTCRtpTransceiver associated with the sender is false. The sender has never been
// used to send." A track with a RID needs an encoding of that name.
func (pc *PeerConnection) reusableTransceiver(track namedTrack) *RTPTransceiver {
	for _, t := range pc.transceivers {
		s := t.Sender()
		if t.kind == track.kind && !t.stopping && !t.hasSent && s.isVacant() && s.hasEncodingFor(track) {
			return t
		}
	}
	return nil
}

// RemoveTrack stops sending the sender's track (webrtc-pc §5.1). The sender stays,
// and the next exchange of descriptions tells the peer.
//
// It returns an InvalidAccessError (ErrSenderNotCreatedByConnection) for a sender
// of another connection, and an InvalidStateError after Close.
func (pc *PeerConnection) RemoveTrack(sender *RTPSender) error {
	return pc.attempt("RemoveTrack", func(time.Time) error {
		// webrtc-pc §5.1: "If connection.[[IsClosed]] is true, throw an
		// InvalidStateError. If sender was not created by connection, throw an
		// InvalidAccessError."
		if sender == nil || sender.pc != pc {
			return &rtcerr.InvalidAccessError{Err: rtcerr.Because(ErrSenderNotCreatedByConnection, fmt.Errorf("RemoveTrack: the sender was not made by this connection"))}
		}
		t := sender.transceiver
		// "If transceiver.[[Stopping]] ... is true, ... abort these steps"; the same
		// for a sender without a track.
		if t.stopping || sender.isVacant() {
			return nil
		}
		sender.clearTracks()
		switch t.direction {
		case RTPTransceiverDirectionSendrecv:
			t.direction = RTPTransceiverDirectionRecvonly
		case RTPTransceiverDirectionSendonly:
			t.direction = RTPTransceiverDirectionInactive
		}
		t.publish()
		sender.refresh()
		pc.updateNegotiationNeeded()
		return nil
	})
}

// AddTransceiverFromKind adds a transceiver without a track (webrtc-pc §5.1). At
// most one init is looked at.
//
// It returns a TypeError for a kind that is neither audio nor video, for a
// direction that is none, and for SendEncodings whose RIDs are missing, malformed
// or not distinct, a RangeError for encodings out of range, an OperationError for a
// Codec, a ScalabilityMode or a ScaleResolutionDownTo that cannot be, and an
// InvalidStateError after Close.
func (pc *PeerConnection) AddTransceiverFromKind(kind RTPCodecType, init ...RTPTransceiverInit) (*RTPTransceiver, error) {
	if kind != RTPCodecTypeAudio && kind != RTPCodecTypeVideo {
		return nil, &rtcerr.TypeError{Err: fmt.Errorf("kind %s; audio or video is needed", kind)}
	}
	return pc.addTransceiverWith(kind, namedTrack{}, init)
}

// AddTransceiverFromTrack adds a transceiver that sends a track (webrtc-pc §5.1).
// With several SendEncodings the track is bound once for each that has its RID,
// or for all if it has none; RTPSender.AddEncoding brings tracks of other RIDs.
// The errors are those of AddTransceiverFromKind, and a TypeError for a nil track.
func (pc *PeerConnection) AddTransceiverFromTrack(track TrackLocal, init ...RTPTransceiverInit) (*RTPTransceiver, error) {
	named, err := checkTrack(track)
	if err != nil {
		return nil, err
	}
	return pc.addTransceiverWith(named.kind, named, init)
}

func (pc *PeerConnection) addTransceiverWith(kind RTPCodecType, track namedTrack, inits []RTPTransceiverInit) (*RTPTransceiver, error) {
	var init RTPTransceiverInit
	if len(inits) > 0 {
		init = inits[0]
	}
	switch init.Direction {
	case RTPTransceiverDirectionUnknown:
		init.Direction = RTPTransceiverDirectionSendrecv
	case RTPTransceiverDirectionSendrecv, RTPTransceiverDirectionSendonly, RTPTransceiverDirectionRecvonly, RTPTransceiverDirectionInactive:
	default:
		return nil, &rtcerr.TypeError{Err: fmt.Errorf("direction %s; sendrecv, sendonly, recvonly or inactive is needed", init.Direction)}
	}
	streamIDs := distinct(init.StreamIDs)
	if init.StreamIDs == nil && track.TrackLocal != nil {
		streamIDs = distinct(streamIDsOf(track))
	}
	var t *RTPTransceiver
	err := pc.attempt("AddTransceiver", func(time.Time) error {
		var err error
		if t, err = pc.newTransceiver(kind, init.Direction, track, streamIDs, init.SendEncodings); err != nil {
			return err
		}
		pc.addTransceiver(t)
		pc.updateNegotiationNeeded()
		return nil
	})
	if err != nil {
		return nil, err
	}
	return t, nil
}

// newTransceiver makes a transceiver that is not yet the connection's.
func (pc *PeerConnection) newTransceiver(kind RTPCodecType, direction RTPTransceiverDirection, track namedTrack, streamIDs []string, encodings []RTPEncodingParameters) (*RTPTransceiver, error) {
	encodings = activated(encodings)
	if err := checkEncodings(kind, encodings); err != nil {
		return nil, err
	}
	if err := pc.checkNewCodecs(kind, encodings); err != nil {
		return nil, err
	}
	t := &RTPTransceiver{pc: pc, id: pc.machine.NewTransceiverID(), kind: kind, direction: direction}
	t.inheritExtensions()
	t.receiver = newRTPReceiver(t)
	t.sender.Store(newRTPSender(t, track, streamIDs, encodings))
	t.publish()
	return t, nil
}

func (pc *PeerConnection) addTransceiver(t *RTPTransceiver) {
	pc.transceivers = append(slices.Clip(pc.transceivers), t)
	pc.dirty = true
}

func (pc *PeerConnection) dropTransceiver(t *RTPTransceiver) {
	pc.transceivers = slices.DeleteFunc(slices.Clone(pc.transceivers), func(o *RTPTransceiver) bool { return o == t })
	pc.dirty = true
}

// transceiver returns the transceiver with the identity, or nil.
func (pc *PeerConnection) transceiver(id signaling.TransceiverID) *RTPTransceiver {
	for _, t := range pc.transceivers {
		if t.id == id {
			return t
		}
	}
	return nil
}

// GetTransceivers returns the transceivers in the order in which they were added,
// without those that have been stopped (webrtc-pc §5.1).
func (pc *PeerConnection) GetTransceivers() []*RTPTransceiver {
	return slices.Clone(pc.read().transceivers)
}

// GetSenders returns the senders of GetTransceivers.
func (pc *PeerConnection) GetSenders() []*RTPSender {
	var out []*RTPSender
	for _, t := range pc.read().transceivers {
		out = append(out, t.Sender())
	}
	return out
}

// GetReceivers returns the receivers of GetTransceivers.
func (pc *PeerConnection) GetReceivers() []*RTPReceiver {
	var out []*RTPReceiver
	for _, t := range pc.read().transceivers {
		out = append(out, t.receiver)
	}
	return out
}

// describedTransceivers is the connection's media for the signaling machine.
func (pc *PeerConnection) describedTransceivers() []signaling.Transceiver {
	out := make([]signaling.Transceiver, len(pc.transceivers))
	for i, t := range pc.transceivers {
		out[i] = t.described()
	}
	return out
}

// attempt runs fn on the loop as an API call and returns its error, or an
// InvalidStateError if the connection is closed.
func (pc *PeerConnection) attempt(operation string, fn func(now time.Time) error) error {
	var err error
	closed := pc.do(func(now time.Time) {
		if pc.isClosed.Load() {
			err = errClosed(operation)
			return
		}
		err = fn(now)
	})
	if closed != nil {
		return errClosed(operation)
	}
	return err
}

// A namedTrack is a program's track with what it calls itself: its methods may be
// the program's own, and do not run on the loop. The zero value is no track.
type namedTrack struct {
	TrackLocal
	kind    RTPCodecType
	id, rid string
}

// nameTrack returns what a track, which may be nil, calls itself.
func nameTrack(track TrackLocal) (namedTrack, error) {
	if track == nil {
		return namedTrack{}, nil
	}
	if !reflect.ValueOf(track).Comparable() {
		return namedTrack{}, &rtcerr.TypeError{Err: fmt.Errorf("a track of type %T cannot be told from another; a pointer can", track)}
	}
	return namedTrack{track, track.Kind(), track.ID(), track.RID()}, nil
}

// checkTrack is nameTrack for a track that has to be one.
func checkTrack(track TrackLocal) (namedTrack, error) {
	if track == nil {
		return namedTrack{}, &rtcerr.TypeError{Err: fmt.Errorf("the track is nil")}
	}
	named, err := nameTrack(track)
	if err == nil && named.kind != RTPCodecTypeAudio && named.kind != RTPCodecTypeVideo {
		err = &rtcerr.TypeError{Err: fmt.Errorf("the track %q is of kind %s; audio or video is needed", named.id, named.kind)}
	}
	return named, err
}

func streamIDsOf(track TrackLocal) []string {
	if id := track.StreamID(); id != "" {
		return []string{id}
	}
	return nil
}

// distinct returns the list without repetitions.
func distinct(list []string) []string {
	var out []string
	for _, s := range list {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}
