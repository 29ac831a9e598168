package signaling

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/parleyrtc/webrtc/internal/codec"
	"github.com/parleyrtc/webrtc/sdp"
)

// transceiver is a transceiver of an endpoint's program, with what the effects
// have made of it.
type transceiver struct {
	Transceiver
	used bool // its sender has had a track

	mid       string
	index     int
	current   sdp.Direction // unspecified for null
	remote    sdp.Direction // of the last remote description
	msids     []sdp.Msid
	media     *Media
	described int // how often
}

func (t *transceiver) String() string {
	s := fmt.Sprintf("transceiver %d %s mid %q index %d current %s remote %s msids %v", t.ID, t.Kind, t.mid, t.index, t.current, t.remote, t.msids)
	if t.media != nil {
		m := *t.media
		m.SendCodecs, m.ReceiveCodecs = nil, nil
		s += fmt.Sprintf(" media %+v, sends %v, receives %v", m, numbersOf(t.media.SendCodecs), numbersOf(t.media.ReceiveCodecs))
	}
	return s
}

var audioExtensions = []Extension{
	{URI: "urn:ietf:params:rtp-hdrext:sdes:mid"},
	{URI: "urn:ietf:params:rtp-hdrext:ssrc-audio-level"},
	{URI: "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"},
}

var videoExtensions = []Extension{
	{URI: "urn:ietf:params:rtp-hdrext:sdes:mid"},
	{URI: "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"},
	{URI: "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"},
	{URI: "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"},
	{URI: "urn:3gpp:video-orientation", Direction: sdp.DirectionRecvonly},
}

// capable returns a transceiver with all that an endpoint can do for a kind.
func capable(kind codec.Kind) Transceiver {
	t := Transceiver{Kind: kind, Codecs: codec.Defaults(kind), Extensions: audioExtensions}
	if kind == codec.Video {
		t.Extensions = videoExtensions
	}
	return t
}

// withMedia lets an endpoint accept sections that the peer adds.
func (e *endpoint) withMedia() *endpoint {
	e.accept = capable
	e.local.CNAME = e.name
	return e
}

// parties returns two endpoints that know audio, video and data.
func parties(t testing.TB) (a, b *endpoint) {
	return newEndpoint(t, "Alice").withMedia(), newEndpoint(t, "Bob").withMedia()
}

// negotiate has a offer and b answer.
func negotiate(a, b *endpoint) {
	a.t.Helper()
	a.setRemote(b.answer(a.offer()))
	wantMedia(a, b, "after an offer of "+a.name)
}

// refresh tells the machine what the program's transceivers are.
func (e *endpoint) refresh() {
	e.local.Transceivers = nil
	for _, t := range e.world.transceivers {
		e.local.Transceivers = append(e.local.Transceivers, t.Transceiver)
	}
}

// transceiver returns the one with the identity, which has to be there.
func (e *endpoint) transceiver(id TransceiverID) *transceiver {
	e.t.Helper()
	i := slices.IndexFunc(e.world.transceivers, func(t *transceiver) bool { return t.ID == id })
	if i < 0 {
		e.t.Fatalf("%s: no transceiver %d: %+v", e.name, id, e.effects)
	}
	return e.world.transceivers[i]
}

// ofMid returns the transceiver with a mid, which has to be there.
func (e *endpoint) ofMid(mid string) *transceiver {
	e.t.Helper()
	for _, t := range e.world.transceivers {
		if t.mid == mid {
			return t
		}
	}
	e.t.Fatalf("%s: no transceiver with mid %q:\n%s", e.name, mid, e.world.describe())
	return nil
}

func (e *endpoint) make(id TransceiverID, kind codec.Kind, direction sdp.Direction) *transceiver {
	t := &transceiver{Transceiver: Transceiver{Kind: kind}, index: -1}
	if e.accept != nil {
		t.Transceiver = capable(kind)
	}
	t.ID, t.Direction = id, direction
	t.TrackID = fmt.Sprintf("%s-track-%d", e.name, id)
	t.Encodings = []Encoding{{Active: true, SSRC: e.ssrc(id, 0), RTX: e.ssrc(id, 1)}}
	if kind == codec.Audio {
		t.Encodings[0].RTX = 0
	}
	e.world.transceivers = append(e.world.transceivers, t)
	return t
}

// ssrc returns an SSRC that nobody else has.
func (e *endpoint) ssrc(id TransceiverID, n int) uint32 {
	return uint32(e.name[0])*1000000 + uint32(id)*1000 + uint32(n)
}

// add is addTransceiver.
func (e *endpoint) add(kind codec.Kind, direction sdp.Direction, streams ...string) *transceiver {
	t := e.make(e.NewTransceiverID(), kind, direction)
	t.StreamIDs = streams
	e.refresh()
	return t
}

// addSimulcast is addTransceiver with several encodings.
func (e *endpoint) addSimulcast(rids ...string) *transceiver {
	t := e.add(codec.Video, sdp.DirectionSendonly, "cast")
	t.setRIDs(e, rids...)
	e.refresh()
	return t
}

func (t *transceiver) setRIDs(e *endpoint, rids ...string) {
	t.Encodings = nil
	for i, rid := range rids {
		t.Encodings = append(t.Encodings, Encoding{RID: rid, Active: true, SSRC: e.ssrc(t.ID, 2*i), RTX: e.ssrc(t.ID, 2*i+1)})
	}
}

// addTrack is addTrack: a transceiver whose sender is free takes the track.
func (e *endpoint) addTrack(kind codec.Kind, streams ...string) *transceiver {
	i := slices.IndexFunc(e.world.transceivers, func(t *transceiver) bool {
		return t.Kind == kind && !t.used && !t.Stopping && !t.Direction.Sends()
	})
	var t *transceiver
	if i >= 0 {
		t = e.world.transceivers[i]
		t.Direction = sdp.DirectionOf(true, t.Direction.Receives())
	} else {
		t = e.make(e.NewTransceiverID(), kind, sdp.DirectionSendrecv)
	}
	t.used, t.ByAddTrack, t.StreamIDs = true, true, streams
	e.refresh()
	return t
}

func (e *endpoint) turn(t *transceiver, direction sdp.Direction) {
	t.Direction = direction
	e.refresh()
}

func (e *endpoint) stop(t *transceiver) {
	t.Stopping = true
	e.refresh()
}

// applyMedia does what an effect about transceivers says.
func (e *endpoint) applyMedia(effect Effect) bool {
	e.t.Helper()
	w := &e.world
	switch f := effect.(type) {
	case TransceiverCreated:
		t := e.make(f.Transceiver, f.Kind, sdp.DirectionRecvonly)
		if f.RIDs != nil {
			t.setRIDs(e, f.RIDs...)
		}
	case TransceiverRemoved:
		t := e.transceiver(f.Transceiver)
		if t.ByAddTrack || t.media != nil {
			e.t.Fatalf("%s: %v is removed", e.name, t)
		}
		w.transceivers = slices.DeleteFunc(w.transceivers, func(o *transceiver) bool { return o == t })
	case MediaDescribed:
		t := e.transceiver(f.Transceiver)
		if f.Mid == "" || t.mid != "" && t.mid != f.Mid {
			e.t.Fatalf("%s: %v gets mid %q", e.name, t, f.Mid)
		}
		t.mid, t.index = f.Mid, f.Index
		t.described++
		if f.Remote {
			t.remote, t.msids = f.Direction, f.Msids
		}
		if f.Type != Offer {
			t.current = f.Direction
		}
	case MediaRestored:
		t := e.transceiver(f.Transceiver)
		if (f.Mid == "") != (f.Index < 0) {
			e.t.Fatalf("%s: %+v", e.name, f)
		}
		t.mid, t.index, t.current, t.remote, t.msids = f.Mid, f.Index, f.Direction, f.RemoteDirection, f.Msids
	case MediaInForce:
		if i := slices.IndexFunc(w.transceivers, func(t *transceiver) bool { return t.ID == f.Transceiver }); i >= 0 {
			w.transceivers[i].media = f.Media
		} else if f.Media != nil {
			e.t.Fatalf("%s: media for transceiver %d, which is gone", e.name, f.Transceiver)
		}
		if f.Media != nil && w.transports[f.Media.Transport] == nil {
			e.t.Fatalf("%s: media over transport %d, which does not exist", e.name, f.Media.Transport)
		}
	case TransceiverStopped:
		t := e.transceiver(f.Transceiver)
		w.stopped = append(w.stopped, t)
		w.transceivers = slices.DeleteFunc(w.transceivers, func(o *transceiver) bool { return o == t })
	default:
		return false
	}
	return true
}

// checkMedia says what is always so after effects have been applied.
func (e *endpoint) checkMedia() {
	e.t.Helper()
	e.refresh()
	mids := map[string]bool{}
	for _, t := range e.world.transceivers {
		switch {
		case t.mid != "" && mids[t.mid]:
			e.t.Fatalf("%s: mid %q twice:\n%s", e.name, t.mid, e.world.describe())
		case e.State() == Stable && (t.media == nil) != (t.mid == ""):
			e.t.Fatalf("%s: in the stable state, %v", e.name, t)
		case e.State() == Stable && t.media != nil && (t.media.Direction != t.current || t.media.Mid != t.mid || t.media.Index != t.index):
			e.t.Fatalf("%s: in force is something else than was described: %v", e.name, t)
		case t.media != nil && (!hasMedia(t.media.SendCodecs) || !hasMedia(t.media.ReceiveCodecs)):
			e.t.Fatalf("%s: no formats: %v", e.name, t)
		}
		mids[t.mid] = true
	}
}

// wantMedia says that two endpoints have the same idea of what flows between
// them.
func wantMedia(a, b *endpoint, when string) {
	a.t.Helper()
	count := 0
	for _, t := range a.world.transceivers {
		if t.media == nil {
			continue
		}
		count++
		wantFlow(a, b, t.media, b.ofMid(t.mid).media, when)
	}
	for _, t := range b.world.transceivers {
		if t.media != nil {
			count--
		}
	}
	if count != 0 {
		a.t.Errorf("%s: not all is in force on both sides:\n%s%s", when, a.world.describe(), b.world.describe())
	}
}

func wantFlow(a, b *endpoint, mine, yours *Media, when string) {
	a.t.Helper()
	fail := func(what string, x, y any) {
		a.t.Helper()
		a.t.Errorf("%s: mid %s: %s has %s %v, %s %v", when, mine.Mid, a.name, what, x, b.name, y)
	}
	if yours == nil {
		a.t.Fatalf("%s: mid %s: nothing is in force for %s", when, mine.Mid, b.name)
	}
	if mine.Direction != yours.Direction.Reverse() {
		fail("direction", mine.Direction, yours.Direction)
	}
	if mine.Index != yours.Index || mine.AllowMixed != yours.AllowMixed || mine.RTCPRsize != yours.RTCPRsize || mine.Cryptex != yours.Cryptex {
		fail("all of", mine, yours)
	}
	for _, way := range []struct{ from, to *Media }{{mine, yours}, {yours, mine}} {
		if s, r := numbersOf(way.from.SendCodecs), numbersOf(way.to.ReceiveCodecs); !slices.Equal(s, r) {
			fail("codecs", s, r)
		}
		if s, r := way.from.SendExtensions, way.to.ReceiveExtensions; !sameExtensions(s, r) {
			fail("extensions", s, r)
		}
		var rids []string
		for i, e := range way.from.SendEncodings {
			if e.RID != "" {
				rids = append(rids, e.RID)
			} else if way.from.Direction.Sends() && way.to.Sources != nil && (len(way.to.Sources) <= i || way.to.Sources[i].SSRC != e.SSRC || way.to.Sources[i].RTX != e.RTX) {
				fail("streams", way.from.SendEncodings, way.to.Sources)
			}
		}
		if way.from.Direction.Sends() && !slices.Equal(rids, way.to.ReceiveRIDs) {
			fail("RIDs", rids, way.to.ReceiveRIDs)
		}
	}
}

func numbersOf(codecs []codec.Codec) []string {
	var list []string
	for _, c := range codecs {
		list = append(list, fmt.Sprintf("%d=%s/%d", c.PayloadType, strings.ToLower(c.MimeType), c.ClockRate))
	}
	slices.Sort(list)
	return list
}

func sameExtensions(a, b []HeaderExtension) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	byID := func(x, y HeaderExtension) int { return int(x.ID) - int(y.ID) }
	slices.SortFunc(a, byID)
	slices.SortFunc(b, byID)
	return slices.Equal(a, b)
}
