package webrtc

import (
	"slices"
	"time"

	"github.com/parleyrtc/webrtc/internal/codec"
	"github.com/parleyrtc/webrtc/sdp"
	"github.com/parleyrtc/webrtc/signaling"
)

// A TrackEvent announces that the peer sends a track (webrtc-pc §5.7).
type TrackEvent struct {
	Track       *TrackRemote
	Receiver    *RTPReceiver
	Transceiver *RTPTransceiver
	// StreamIDs are the streams that the peer has put the track in.
	StreamIDs []string
}

// mediaEvents are what a description causes for the program, in the order of
// webrtc-pc §4.4.1.5: its steps collect them and fire them at the end.
type mediaEvents struct {
	mute   []*TrackRemote // muteTracks
	tracks []TrackEvent   // trackEventInits
	// expected are tracks of which packets may come from now on.
	expected []*TrackRemote
	// receivers are transports whose receivers have changed.
	receivers []*transport
}

// applyMedia does what an effect about a transceiver asks for.
func (pc *PeerConnection) applyMedia(now time.Time, effect signaling.Effect, events *mediaEvents) {
	switch e := effect.(type) {
	case signaling.TransceiverCreated:
		pc.transceiverCreated(e)
	case signaling.TransceiverRemoved:
		if t := pc.transceiver(e.Transceiver); t != nil {
			t.processRemote(RTPTransceiverDirectionInactive, nil, events)
			pc.dropTransceiver(t)
			// RFC 9429 §5.10: what has no section any more is dissociated, "by setting its mid
			// property to null".
			t.mid = ""
			t.stop(now)
		}
	case signaling.MediaDescribed:
		if t := pc.transceiver(e.Transceiver); t != nil {
			t.describedBy(e, events)
		}
	case signaling.MediaRestored:
		if t := pc.transceiver(e.Transceiver); t != nil {
			t.restored(e, events)
		}
	case signaling.MediaInForce:
		if t := pc.transceiver(e.Transceiver); t != nil {
			t.inForce(e.Media, events)
		}
	case signaling.TransceiverStopped:
		if t := pc.transceiver(e.Transceiver); t != nil {
			t.processRemote(RTPTransceiverDirectionInactive, nil, events)
			pc.dropTransceiver(t)
			// RFC 9429 §5.10: what has no section any more is dissociated, "by setting its mid
			// property to null".
			t.mid = ""
			t.stop(now)
		}
	}
}

// transceiverCreated makes the transceiver for media that the peer offers:
//
// webrtc-pc §4.4.1.5: "Create an RTCRtpSender ... Create an RTCRtpReceiver ...
// Create an RTCRtpTransceiver with sender, receiver and an
// RTCRtpTransceiverDirection value of "recvonly"".
func (pc *PeerConnection) transceiverCreated(e signaling.TransceiverCreated) {
	t := &RTPTransceiver{pc: pc, id: e.Transceiver, kind: RTPCodecType(e.Kind), direction: RTPTransceiverDirectionRecvonly}
	var encodings []RTPEncodingParameters
	for _, rid := range e.RIDs {
		encodings = append(encodings, RTPEncodingParameters{RTPCodingParameters: RTPCodingParameters{RID: rid}, Active: true})
	}
	t.inheritExtensions()
	t.receiver = newRTPReceiver(t)
	sender := newRTPSender(t, namedTrack{}, nil, encodings)
	sender.byName = len(e.RIDs) > 0
	t.sender.Store(sender)
	t.publish()
	pc.addTransceiver(t)
}

// describedBy is what a description, local or remote, says of the transceiver.
func (t *RTPTransceiver) describedBy(e signaling.MediaDescribed, events *mediaEvents) {
	t.mid = e.Mid
	direction := directionFrom(e.Direction)
	if e.Remote {
		t.processRemote(direction, e.Msids, events)
		t.Sender().propose(e.RIDs)
	} else if e.Type != signaling.Offer && !direction.receives() && t.fired.receives() {
		// webrtc-pc §4.4.1.5: "If direction is "sendonly" or "inactive", and
		// transceiver.[[FiredDirection]] is either "sendrecv" or "recvonly", ...
		// process the removal of a remote track".
		t.setStreams(nil)
		t.removeRemoteTrack(events)
	}
	if e.TrackID != "" {
		// RFC 9429 §5.2.2: a=msid lines stay the same, whatever becomes of the track.
		t.Sender().named, t.Sender().id = true, e.TrackID
	}
	if e.Type == signaling.Offer && !e.Remote && t.transport == nil {
		// webrtc-pc §4.4.1.5: "If the media description was not yet associated with an
		// RTCRtpTransceiver object ... Set transceiver.[[Sender]].[[SenderTransport]] to
		// transport." Its session keeps what overtakes the answer (RFC 3264 §5.1).
		t.setTransport(e.Transport)
	}
	if e.Type == signaling.Answer {
		t.Sender().ridless = nil
	}
	if e.Type != signaling.Offer {
		t.current, t.fired = direction, direction
		t.hasSent = t.hasSent || direction.sends()
		t.extensionsAsked = t.extensionsAsked && e.Type != signaling.Answer
	}
	t.publish()
	t.Sender().refresh()
}

// restored undoes what descriptions said since the last stable state.
func (t *RTPTransceiver) restored(e signaling.MediaRestored, events *mediaEvents) {
	t.mid = e.Mid
	t.Sender().unpropose()
	if e.Mid == "" {
		t.setTransport(0)
		t.Sender().named = t.hasSent
	}
	t.processRemote(directionFrom(e.RemoteDirection), e.Msids, events)
	t.current = directionFrom(e.Direction)
	t.publish()
	t.Sender().refresh()
}

// inForce is what an answer, provisional or final, or a rollback puts into
// effect: nil for nothing.
func (t *RTPTransceiver) inForce(m *signaling.Media, events *mediaEvents) {
	former := t.transport
	t.media = m
	if m != nil {
		t.setTransport(m.Transport)
		session := t.transport.startMedia()
		session.SetReducedSize(m.RTCPRsize)
		events.touch(t.transport)
		t.receiver.agreed.Store(m)
		t.Sender().narrow(m)
		t.Sender().dropCodecs(m.SendCodecs)
		if directionFrom(m.Direction).receives() && len(m.ReceiveRIDs) == 0 {
			events.expected = append(events.expected, t.receiver.main)
		}
	}
	// The transport that the section leaves comes last: otherwise reads would end in
	// between.
	events.touch(former)
	t.Sender().refresh()
}

func (e *mediaEvents) touch(t *transport) {
	if t != nil && !slices.Contains(e.receivers, t) {
		e.receivers = append(e.receivers, t)
	}
}

// setTransport notes the transport that a description gives the section; 0 is
// none.
func (t *RTPTransceiver) setTransport(id signaling.TransportID) {
	if id == 0 {
		t.transport = nil
		return
	}
	t.transport = t.pc.transport(id)
	t.transport.startMedia()
}

// processRemote is "process remote tracks" of webrtc-pc §4.4.1.5, its steps
// quoted.
func (t *RTPTransceiver) processRemote(direction RTPTransceiverDirection, msids []sdp.Msid, events *mediaEvents) {
	// "If direction is "sendrecv" or "recvonly", let msids be a list of the MSIDs
	// that the media description indicates ... Otherwise, let msids be an empty
	// list."
	if !direction.receives() {
		msids = nil
	} else if len(msids) == 0 {
		// What a peer that knows nothing of a=msid (RFC 8830) sends belongs to one
		// default stream.
		msids = []sdp.Msid{{Stream: t.pc.defaultStream}}
	}
	// "Set the associated remote streams with transceiver.[[Receiver]], msids,
	// addList, and removeList."
	added := t.setStreams(msids)
	// "If direction is "sendrecv" or "recvonly" and transceiver.[[FiredDirection]]
	// is neither "sendrecv" nor "recvonly", or the previous step increased the
	// length of addList, process the addition of a remote track".
	if direction.receives() && (!t.fired.receives() || added) {
		r := t.receiver
		if !t.fired.receives() {
			// What was muted meanwhile is not any more once media comes, which has gone
			// on all the time if the offer that took it away was rolled back.
			r.core.AnnounceAnew()
		}
		events.tracks = append(events.tracks, TrackEvent{
			Track: r.main, Receiver: r, Transceiver: t, StreamIDs: slices.Clone(*r.streams.Load()),
		})
	}
	// "If direction is "sendonly" or "inactive", and transceiver.[[FiredDirection]]
	// is either "sendrecv" or "recvonly", process the removal of a remote track".
	if !direction.receives() && t.fired.receives() {
		t.removeRemoteTrack(events)
	}
	// "Set transceiver.[[FiredDirection]] to direction."
	t.fired = direction
}

// setStreams sets [[AssociatedRemoteMediaStreams]], and reports whether there is
// one that was not there.
func (t *RTPTransceiver) setStreams(msids []sdp.Msid) (added bool) {
	streams := []string{}
	for _, m := range msids {
		if m.Stream != "-" && !slices.Contains(streams, m.Stream) {
			streams = append(streams, m.Stream)
		}
		if m.Track != "" {
			t.receiver.nameTracks(m.Track)
		}
	}
	for _, s := range streams {
		added = added || !slices.Contains(*t.receiver.streams.Load(), s)
	}
	t.receiver.streams.Store(&streams)
	return added
}

// nameTracks gives the tracks the identifier that the peer has for them.
func (r *RTPReceiver) nameTracks(id string) {
	for _, t := range r.all() {
		t.id.Store(&id)
	}
}

// removeRemoteTrack is "process the removal of a remote track" of webrtc-pc
// §4.4.1.5. Programs that read the track are told by io.EOF; OnTrack is called
// anew if the peer sends again.
func (t *RTPTransceiver) removeRemoteTrack(events *mediaEvents) {
	for _, track := range t.receiver.all() {
		track.announced.Store(false)
		if !track.muted.Load() {
			events.mute = append(events.mute, track)
		}
	}
}

// fireMedia fires what a description has caused (webrtc-pc §4.4.1.5): first
// "For each track in muteTracks, set the muted state of track to the value true",
// then "For each entry in trackEventInits, fire an event named track".
func (pc *PeerConnection) fireMedia(events *mediaEvents) {
	for _, t := range events.receivers {
		pc.refreshReceivers(t)
	}
	for _, t := range events.mute {
		pc.setMuted(t, true)
	}
	for _, e := range events.tracks {
		pc.fire(func() {
			if f := pc.handlers.trackEvent.get(); f != nil {
				f(e)
			}
		})
	}
	for _, t := range events.expected {
		if pc.api.settings.trackBeforePacket && !t.announced.Swap(true) {
			pc.fireTrack(t)
		}
	}
}

// maxMuteEvents is how many changes of a track's muted state may wait to be told.
const maxMuteEvents = 16

// setMuted changes a track's muted state and announces it (mediacapture-streams
// §4.3.1). A peer can change it as often as it sends packets: while a handler of
// the program's is busy, no more than a few changes are kept, and the last.
func (pc *PeerConnection) setMuted(t *TrackRemote, muted bool) {
	if t.muted.Swap(muted) == muted || t.ended.Load() {
		return
	}
	if t.muteEvents.Load() >= maxMuteEvents {
		return // the last that waits tells how it is then
	}
	t.muteEvents.Add(1)
	pc.fire(func() {
		t.tellMuted(muted)
		if t.muteEvents.Add(-1) == 0 && !t.ended.Load() {
			t.tellMuted(t.muted.Load())
		}
	})
}

// tellMuted calls the handler of a change, unless the program knows already.
func (t *TrackRemote) tellMuted(muted bool) {
	if t.unmuted == !muted {
		return
	}
	t.unmuted = !muted
	h := &t.onUnmute
	if muted {
		h = &t.onMute
	}
	if f := h.get(); f != nil {
		f()
	}
}

// endTrack ends a track for good.
func (pc *PeerConnection) endTrack(t *TrackRemote) {
	if t.ended.Swap(true) {
		return
	}
	t.muted.Store(true)
	t.core.Close(errTrackEnded)
	pc.chores.tracks = append(pc.chores.tracks, t)
	pc.fire(func() {
		if f := t.onEnded.get(); f != nil {
			f()
		}
	})
}

// fireTrack calls the handler of OnTrack on a goroutine of its own, since programs
// read in it.
func (pc *PeerConnection) fireTrack(t *TrackRemote) {
	pc.fire(func() {
		f := pc.handlers.track.get()
		if f == nil {
			return
		}
		started := make(chan struct{})
		pc.running.enter()
		go func() {
			defer pc.running.leave()
			close(started)
			f(t, t.receiver)
		}()
		<-started // so that handlers start in order
	})
}

// OnTrack sets the handler for tracks that the peer sends. It is called when the
// first packet of a track has come, so that its codec and SSRC are known, each
// time on a goroutine of its own: with simulcast once for each RID, and again if
// the peer has stopped a track and sends it anew.
func (pc *PeerConnection) OnTrack(f func(*TrackRemote, *RTPReceiver)) { pc.handlers.track.set(f) }

// OnTrackEvent sets the handler for W3C's track event (webrtc-pc §5.7), which
// announces a track as soon as the peer's description has it, before
// SetRemoteDescription returns.
func (pc *PeerConnection) OnTrackEvent(f func(TrackEvent)) { pc.handlers.trackEvent.set(f) }

func codecParameters(in []codec.Codec) []RTPCodecParameters {
	out := make([]RTPCodecParameters, len(in))
	for i, c := range in {
		out[i] = codecTo(c)
	}
	return out
}

func extensionParameters(in []signaling.HeaderExtension) []RTPHeaderExtensionParameter {
	out := make([]RTPHeaderExtensionParameter, len(in))
	for i, e := range in {
		out[i] = RTPHeaderExtensionParameter{URI: e.URI, ID: int(e.ID)}
	}
	return out
}
