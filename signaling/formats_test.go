package signaling

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/parleyrtc/webrtc/internal/codec"
	"github.com/parleyrtc/webrtc/sdp"
)

// formats returns the payload types with their names in a section of an endpoint's
// newest local description.
func (e *endpoint) formats(index int) []string {
	e.t.Helper()
	d := e.CurrentLocal()
	if p := e.PendingLocal(); p != nil {
		d = p
	}
	session, err := sdp.Parse(d.SDP)
	if err != nil {
		e.t.Fatal(err)
	}
	var list []string
	for _, c := range codecsOf(session.Media[index]) {
		s := fmt.Sprintf("%d=%s", c.PayloadType, c.Name())
		if apt, ok := c.Apt(); ok {
			s += fmt.Sprintf("(%d)", apt)
		} else if c.IsRED() {
			s += "(" + c.Fmtp + ")"
		}
		list = append(list, s)
	}
	return list
}

// video is a list of codecs as "96=VP8 97=rtx(96) 98=H264:profile-level-id=42e01f".
func video(text string) []codec.Codec {
	var list []codec.Codec
	for _, word := range strings.Fields(text) {
		number, name, _ := strings.Cut(word, "=")
		var c codec.Codec
		fmt.Sscan(number, &c.PayloadType)
		name, c.Fmtp, _ = strings.Cut(name, ":")
		if name, apt, ok := strings.Cut(name, "("); ok {
			c.MimeType, c.Fmtp = "video/"+name, "apt="+strings.TrimSuffix(apt, ")")
		} else {
			c.MimeType = "video/" + name
			c.Feedback = []codec.Feedback{{Type: "nack"}, {Type: "nack", Parameter: "pli"}, {Type: "transport-cc"}}
		}
		c.ClockRate = 90000
		list = append(list, c)
	}
	return list
}

// speaking gives an endpoint other codecs for video.
func (e *endpoint) speaking(text string) *endpoint {
	e.accept = func(kind codec.Kind) Transceiver {
		t := capable(kind)
		if kind == codec.Video {
			t.Codecs = video(text)
		}
		return t
	}
	return e
}

func (e *endpoint) addVideo() *transceiver {
	t := e.add(codec.Video, sdp.DirectionSendrecv)
	t.Codecs = e.accept(codec.Video).Codecs
	e.refresh()
	return t
}

// RFC 3264 §6.1 and §8.3.2, RFC 9143 §9.1.1: answers have the offer's numbers,
// which stay for the section, and are taken over by those that are added. The
// answerer's own numbers mean other things.
func TestPayloadTypes(t *testing.T) {
	a, b := parties(t)
	a.speaking("100=VP8 101=rtx(100) 96=H264:packetization-mode=1;profile-level-id=42e01f 97=rtx(96) 98=VP9 99=AV1")
	b.speaking("96=VP8 97=rtx(96) 98=H264:packetization-mode=1;profile-level-id=42e01f 99=rtx(98) 100=VP9 101=rtx(100) 102=H265")
	a.addVideo()
	b.setRemote(a.offer())
	b.ofMid("0").Codecs = b.accept(codec.Video).Codecs
	b.refresh()
	b.setLocal(Description{})
	want := "100=VP8 101=rtx(100) 96=H264 97=rtx(96) 98=VP9"
	if got := strings.Join(b.formats(0), " "); got != want {
		t.Errorf("answered %q, want %q", got, want)
	}
	a.setRemote(*b.CurrentLocal())
	wantMedia(a, b, "with the offerer's numbers")

	// The offer of the other side keeps them, and adds what it has besides under
	// numbers that are free.
	b.addVideo()
	b.offer()
	if got := strings.Join(b.formats(0), " "); got != want+" 102=H265" {
		t.Errorf("offered %q", got)
	}
	// The new section too: no number means two things in the bundle.
	fresh := b.formats(2)
	for _, f := range b.formats(0) {
		number, name, _ := strings.Cut(f, "=")
		for _, g := range fresh {
			if n, other, _ := strings.Cut(g, "="); n == number && other != name {
				t.Errorf("%s in one section, %s in the other", f, g)
			}
		}
	}
	if fresh[0] != "100=VP8" || fresh[1] != "101=rtx(100)" || fresh[2] != "96=H264" || fresh[4] != "98=VP9" {
		t.Errorf("got %q", fresh)
	}
	a.setRemote(*b.PendingLocal())
	a.ofMid("2").Codecs = a.accept(codec.Video).Codecs
	a.refresh()
	a.setLocal(Description{})
	b.setRemote(*a.CurrentLocal())
	wantMedia(a, b, "with a second section")
}

// The numbers suffice for any number of sections, with a browser's numbers and
// ours in one bundle.
func TestPayloadTypesSuffice(t *testing.T) {
	a, _ := parties(t)
	a.answer(audioVideoData(t))
	for range 20 {
		a.add(codec.Video, sdp.DirectionSendrecv)
		a.add(codec.Audio, sdp.DirectionSendrecv)
	}
	offer := a.offer()
	session, err := sdp.Parse(offer.SDP)
	if err != nil {
		t.Fatal(err)
	}
	meaning := map[uint8]codec.Codec{}
	for i, m := range session.Media {
		kind, ok := mediaKind(m)
		if !ok {
			continue
		}
		codecs := codecsOf(m)
		if i >= 3 && len(codecs) != len(codec.Defaults(kind)) {
			t.Errorf("section %d has %d formats of %d", i, len(codecs), len(codec.Defaults(kind)))
		}
		for _, c := range codecs {
			if known, ok := meaning[c.PayloadType]; ok && !sameConfiguration(known, c) && !c.IsRTX() {
				t.Errorf("section %d: %d is %+v and %+v", i, c.PayloadType, c, known)
			}
			meaning[c.PayloadType] = c
			if apt, ok := c.Apt(); ok && !slices.ContainsFunc(codecs, func(p codec.Codec) bool { return p.PayloadType == apt }) {
				t.Errorf("section %d: %+v repairs nothing", i, c)
			}
		}
	}
}

// A peer may answer with numbers of its own (RFC 3264 §6.1).
func TestRenumberedAnswer(t *testing.T) {
	a, b := parties(t)
	a.speaking("96=VP8 97=rtx(96) 98=VP9 99=rtx(98)")
	mine := a.addVideo()
	answer := b.answer(a.offer())
	for _, r := range [][2]string{
		{"SAVPF 96 97 98 99", "SAVPF 98 99 120 121"},
		{":98 VP9", ":120 VP9"}, {":96 VP8", ":98 VP8"}, {":98 apt=98", ""},
		{"a=rtpmap:99 rtx", "a=rtpmap:121 rtx"}, {"a=rtpmap:97 rtx", "a=rtpmap:99 rtx"},
		{"a=fmtp:99 apt=98", "a=fmtp:121 apt=120"}, {"a=fmtp:97 apt=96", "a=fmtp:99 apt=98"},
	} {
		if r[1] != "" {
			answer = replaced(t, answer, r[0], r[1])
		}
	}
	a.setRemote(answer)
	if got := numbersOf(mine.media.SendCodecs); !slices.Equal(got, []string{"120=video/vp9/90000", "121=video/rtx/90000", "98=video/vp8/90000", "99=video/rtx/90000"}) {
		t.Errorf("sends %q", got)
	}
	if got := numbersOf(mine.media.ReceiveCodecs); !slices.Contains(got, "96=video/vp8/90000") || !slices.Contains(got, "98=video/vp9/90000") {
		t.Errorf("receives %q", got)
	}
	// Our numbers stay ours.
	a.offer()
	if got := a.formats(0); got[0] != "96=VP8" || !slices.Contains(got, "98=VP9") {
		t.Errorf("offers %q", got)
	}
}

// setCodecPreferences: the order and choice of one side.
func TestCodecPreferences(t *testing.T) {
	names := func(codecs []codec.Codec) string {
		var list []string
		for _, c := range codecs {
			if !c.IsAuxiliary() {
				list = append(list, c.Name())
			}
		}
		return strings.Join(list, " ")
	}
	a, b := parties(t)
	a.speaking("96=VP8 97=rtx(96) 98=VP9 99=rtx(98) 100=AV1")
	mine := a.addVideo()
	b.setRemote(a.offer())
	yours := b.ofMid("0")
	yours.Codecs, yours.PreferOwnOrder = video("35=AV1 36=VP9 37=rtx(36)"), true
	b.refresh()
	b.setLocal(Description{})
	a.setRemote(*b.CurrentLocal())
	// RFC 9429 §5.3.1: the answer has the answerer's order and choice. What each
	// side sends is as the other one likes it.
	if got := strings.Join(b.formats(0), " "); got != "100=AV1 98=VP9 99=rtx(98)" {
		t.Errorf("answered %q", got)
	}
	if got := names(mine.media.SendCodecs); got != "AV1 VP9" {
		t.Errorf("a sends %q", got)
	}
	if got := names(yours.media.SendCodecs); got != "VP9 AV1" {
		t.Errorf("b sends %q", got)
	}
	// The offerer's next offer has the order of the last answer, and its own once it
	// is chosen; both under the same numbers.
	a.offer()
	if got := strings.Join(a.formats(0), " "); got != "100=AV1 98=VP9 99=rtx(98) 96=VP8 97=rtx(96)" {
		t.Errorf("offered %q", got)
	}
	a.rollback()
	mine.Codecs, mine.PreferOwnOrder = video("96=VP8 97=rtx(96) 98=VP9 99=rtx(98)"), true
	a.refresh()
	a.offer()
	if got := strings.Join(a.formats(0), " "); got != "96=VP8 97=rtx(96) 98=VP9 99=rtx(98)" {
		t.Errorf("offered %q", got)
	}
	a.setRemote(b.answer(*a.PendingLocal()))
	wantMedia(a, b, "with other preferences")
	if got := names(mine.media.SendCodecs); got != "VP9" {
		t.Errorf("a sends %q", got)
	}
}

// Feedback is what both have, and later offers have no more (RFC 9429 §5.2.2).
func TestFeedback(t *testing.T) {
	a, b := parties(t)
	a.speaking("96=VP8")
	a.addVideo()
	b.setRemote(a.offer())
	yours := b.ofMid("0")
	yours.Codecs = video("96=VP8")
	yours.Codecs[0].Feedback = []codec.Feedback{{Type: "nack"}, {Type: "ccm", Parameter: "fir"}}
	b.refresh()
	b.setLocal(Description{})
	a.setRemote(*b.CurrentLocal())
	want := []codec.Feedback{{Type: "nack"}}
	for _, m := range []*Media{yours.media, a.ofMid("0").media} {
		if !slices.Equal(m.SendCodecs[0].Feedback, want) || !slices.Equal(m.ReceiveCodecs[0].Feedback, want) {
			t.Errorf("got %+v", m)
		}
	}
	offer := a.offer()
	if got := lines(&offer, "a=rtcp-fb"); !slices.Equal(got, []string{"a=rtcp-fb:96 nack"}) {
		t.Errorf("got %q", got)
	}
}

// One of our formats may stand for all of its name (H.264 without parameters):
// later offers keep what was negotiated.
func TestFormatWithoutParameters(t *testing.T) {
	a, b := parties(t)
	b.speaking("102=H264")
	a.addVideo()
	b.setRemote(a.offer())
	b.ofMid("0").Codecs = video("102=H264")
	b.refresh()
	b.setLocal(Description{})
	answered := b.formats(0)
	a.setRemote(*b.CurrentLocal())
	b.offer()
	if got := b.formats(0); len(answered) < 2 || !slices.Equal(got, answered) {
		t.Errorf("answered %q, offers %q", answered, got)
	}
}

// With no format to offer the section is rejected, which ends the transceiver.
func TestNothingToOffer(t *testing.T) {
	a, b := parties(t)
	mine := a.add(codec.Video, sdp.DirectionSendrecv)
	mine.Codecs = nil
	a.refresh()
	offer := a.offer()
	if got := lines(&offer, "m=")[0]; got != "m=video 0 UDP/TLS/RTP/SAVPF 0" {
		t.Errorf("got %q", got)
	}
	a.setRemote(b.answer(offer))
	if len(a.world.stopped) != 1 || a.NegotiationNeeded(a.local) {
		t.Error("needed for ever")
	}
}
