package signaling

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/parleyrtc/webrtc/internal/codec"
	"github.com/parleyrtc/webrtc/sdp"
)

// RFC 9143 §9: an id means one extension in the whole bundle, and stays. Answers
// have the offer's ids.
func TestExtensionIDs(t *testing.T) {
	a, b := parties(t)
	extensions := func(uris string) []Extension {
		var list []Extension
		for uri := range strings.FieldsSeq(uris) {
			list = append(list, Extension{URI: "urn:" + uri})
		}
		return list
	}
	audio, video := a.add(codec.Audio, sdp.DirectionSendrecv), a.add(codec.Video, sdp.DirectionSendrecv)
	audio.Extensions, video.Extensions = extensions("mid level"), extensions("mid rid twcc")
	a.refresh()
	b.accept = func(kind codec.Kind) Transceiver {
		t := capable(kind)
		t.Extensions = extensions("twcc x mid level")
		return t
	}
	b.setRemote(a.offer())
	for _, t := range b.world.transceivers {
		t.Extensions = extensions("twcc x mid level")
	}
	b.refresh()
	b.setLocal(Description{})
	a.setRemote(*b.CurrentLocal())
	wantMedia(a, b, "with extensions")
	if got := fmt.Sprint(audio.media.SendExtensions, video.media.SendExtensions); got != "[{6 urn:mid} {7 urn:level}] [{6 urn:mid} {14 urn:twcc}]" {
		t.Errorf("got %s", got)
	}
	// A later section takes the same ones, new ones get free ids, and the old
	// sections have no more than the answer had.
	third := b.add(codec.Video, sdp.DirectionSendrecv)
	third.Extensions = extensions("x twcc mid y")
	b.refresh()
	offer := b.offer()
	if got := strings.Join(lines(&offer, "a=extmap:"), " "); got != "a=extmap:6 urn:mid a=extmap:7 urn:level a=extmap:14 urn:twcc a=extmap:6 urn:mid "+
		"a=extmap:8 urn:x a=extmap:14 urn:twcc a=extmap:6 urn:mid a=extmap:1 urn:y" {
		t.Errorf("got %s", got)
	}
}

// RFC 8285 §4.2, §4.3: the first 14 fit one-byte headers; 15 is reserved.
func TestManyExtensions(t *testing.T) {
	a, b := parties(t)
	mine := a.add(codec.Audio, sdp.DirectionSendrecv)
	mine.Extensions = nil
	for i := range 300 {
		mine.Extensions = append(mine.Extensions, Extension{URI: fmt.Sprintf("urn:%d", i)})
	}
	a.refresh()
	b.setRemote(a.offer())
	b.ofMid("0").Extensions = mine.Extensions
	b.refresh()
	b.setLocal(Description{})
	a.setRemote(*b.CurrentLocal())
	got := mine.media.SendExtensions
	last := slices.MaxFunc(got[:14], func(a, b HeaderExtension) int { return int(a.ID) - int(b.ID) })
	if len(got) != 254 || last.ID != 14 || got[14].ID != 16 || got[253].ID != 255 || !mine.media.AllowMixed {
		t.Errorf("%d extensions, %v", len(got), mine.media)
	}
	wantMedia(a, b, "with many extensions")
}

// The directions of an extension, offered and had: RFC 8285 §7.
func TestExtensionDirections(t *testing.T) {
	all := []sdp.Direction{sdp.DirectionUnspecified, sdp.DirectionSendonly, sdp.DirectionRecvonly, sdp.DirectionInactive}
	for _, offered := range all {
		for _, had := range all {
			a, b := parties(t)
			mine := a.add(codec.Audio, sdp.DirectionSendrecv)
			mine.Extensions = []Extension{{URI: "urn:x", Direction: offered}}
			a.refresh()
			b.setRemote(a.offer())
			yours := b.ofMid("0")
			yours.Extensions = []Extension{{URI: "urn:x", Direction: had}}
			b.refresh()
			b.setLocal(Description{})
			a.setRemote(*b.CurrentLocal())
			wantMedia(a, b, offered.String()+" to "+had.String())
			sends, receives := len(mine.media.SendExtensions) > 0, len(mine.media.ReceiveExtensions) > 0
			if sends != (offered.Sends() && had.Receives()) || receives != (offered.Receives() && had.Sends()) {
				t.Errorf("offered %s, had %s: sends %v, receives %v", offered, had, sends, receives)
			}
		}
	}
}

// What an offer may have: ids to choose, one twice, attributes, session level.
func TestOddExtensions(t *testing.T) {
	a, b := parties(t)
	a.add(codec.Audio, sdp.DirectionSendrecv)
	offer := a.offer()
	for _, line := range lines(&offer, "a=extmap:") {
		offer = without(t, offer, line)
	}
	offer = replaced(t, offer, "a=extmap-allow-mixed", "a=extmap-allow-mixed\r\na=extmap:7 urn:ietf:params:rtp-hdrext:sdes:mid")
	offer = replaced(t, offer, "a=mid:0\r\n", "a=mid:0\r\na=extmap:4096 "+audioExtensions[2].URI+"\r\n"+
		"a=extmap:9/sendonly "+audioExtensions[1].URI+" vad=on\r\na=extmap:10 "+audioExtensions[1].URI+"\r\na=extmap:15 "+audioExtensions[2].URI+"\r\n")
	answer := b.answer(offer)
	want := []string{"a=extmap:9/recvonly " + audioExtensions[1].URI + " vad=on", "a=extmap:7 " + audioExtensions[0].URI}
	if got := lines(&answer, "a=extmap:"); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if m := b.ofMid("0").media; len(m.SendExtensions) != 1 || len(m.ReceiveExtensions) != 2 {
		t.Errorf("got %+v", m)
	}
	// RFC 8285 §6: without a=extmap-allow-mixed at either side, no mixing.
	c, d := parties(t)
	c.add(codec.Audio, sdp.DirectionSendrecv)
	c.setRemote(d.answer(without(t, c.offer(), "a=extmap-allow-mixed")))
	if c.ofMid("0").media.AllowMixed || d.ofMid("0").media.AllowMixed {
		t.Error("mixing is allowed")
	}
}

// The extensions that Chromium knows have its ids, whatever else is offered.
func TestExtensionsHaveTheirCustomaryIDs(t *testing.T) {
	ids := newExtensionIDs(nil)
	for _, uri := range []string{"urn:a", "urn:b", "urn:c", "urn:d"} {
		if id, ok := ids.of(uri); !ok || isCustomary(id) {
			t.Errorf("%s has id %d", uri, id)
		}
	}
	for uri, want := range customary {
		if id, ok := ids.of(uri); !ok || id != want {
			t.Errorf("%s has id %d, want %d", uri, id, want)
		}
	}
}

// An id keeps its meaning after the end of the section that had it, through further
// sections at the place.
func TestExtensionIDsOutliveTheirSection(t *testing.T) {
	a, b := parties(t)
	named := func(uris ...string) (list []Extension) {
		for _, uri := range uris {
			list = append(list, Extension{URI: uri})
		}
		return list
	}
	a.add(codec.Audio, sdp.DirectionSendrecv).Extensions = nil
	var got []string
	for _, uri := range []string{"urn:first", "urn:second", "urn:third", "urn:first"} {
		video := a.add(codec.Video, sdp.DirectionSendrecv)
		video.Extensions = named(uri)
		a.refresh()
		offer := a.offer()
		got = append(got, lines(&offer, "a=extmap:")...)
		b.setRemote(offer)
		for _, t := range b.world.transceivers {
			t.Extensions = named("urn:first", "urn:second", "urn:third")
		}
		b.refresh()
		b.setLocal(Description{})
		a.setRemote(*b.CurrentLocal())
		a.stop(video)
		negotiate(a, b)
	}
	if want := []string{"a=extmap:6 urn:first", "a=extmap:7 urn:second", "a=extmap:8 urn:third", "a=extmap:6 urn:first"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
