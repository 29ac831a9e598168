package codec

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// codecs reads codecs written as in a description: "102 H264/90000
// packetization-mode=1 | nack, nack pli". The kind is video unless the name is
// that of an audio format.
func codecs(t testing.TB, lines ...string) []Codec {
	t.Helper()
	var out []Codec
	for _, line := range lines {
		out = append(out, parse(t, line))
	}
	return out
}

func parse(t testing.TB, line string) Codec {
	t.Helper()
	rest, feedback, _ := strings.Cut(line, "|")
	fields := strings.Fields(rest)
	if len(fields) < 2 {
		t.Fatalf("codec %q", line)
	}
	var c Codec
	if _, err := fmt.Sscan(fields[0], &c.PayloadType); err != nil {
		t.Fatalf("codec %q: %v", line, err)
	}
	rtpmap := strings.Split(fields[1], "/")
	kind := "video"
	if rtpmap[1] != "90000" {
		kind = "audio"
	}
	c.MimeType = kind + "/" + rtpmap[0]
	if _, err := fmt.Sscan(rtpmap[1], &c.ClockRate); err != nil {
		t.Fatalf("codec %q: %v", line, err)
	}
	if len(rtpmap) > 2 {
		if _, err := fmt.Sscan(rtpmap[2], &c.Channels); err != nil {
			t.Fatalf("codec %q: %v", line, err)
		}
	}
	c.Fmtp = strings.Join(fields[2:], " ")
	for item := range strings.SplitSeq(feedback, ",") {
		if typ, parameter, _ := strings.Cut(strings.TrimSpace(item), " "); typ != "" {
			c.Feedback = append(c.Feedback, Feedback{typ, parameter})
		}
	}
	return c
}

// written is the inverse of parse.
func written(list []Codec) []string {
	var out []string
	for _, c := range list {
		line := fmt.Sprintf("%d %s/%d", c.PayloadType, c.Name(), c.ClockRate)
		if c.Channels > 0 {
			line += fmt.Sprintf("/%d", c.Channels)
		}
		if c.Fmtp != "" {
			line += " " + c.Fmtp
		}
		for i, f := range c.Feedback {
			line += [2]string{" | ", ", "}[min(i, 1)] + strings.TrimSpace(f.Type+" "+f.Parameter)
		}
		out = append(out, line)
	}
	return out
}

func wantCodecs(t *testing.T, got []Codec, want ...string) {
	t.Helper()
	if g := written(got); !slices.Equal(g, want) {
		t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(g, "\n\t"), strings.Join(want, "\n\t"))
	}
}

func TestKind(t *testing.T) {
	for _, c := range []struct {
		name string
		kind Kind
		ok   bool
	}{{"audio", Audio, true}, {"Video", Video, true}, {"application", 0, false}, {"", 0, false}} {
		if k, ok := ParseKind(c.name); k != c.kind || ok != c.ok {
			t.Errorf("ParseKind(%q) = %v, %v", c.name, k, ok)
		}
	}
	for k, want := range map[Kind]string{0: "unknown", Audio: "audio", Video: "video", 3: "unknown"} {
		if k.String() != want {
			t.Errorf("Kind %d is %q, want %q", k, k, want)
		}
	}
	if k := (Codec{MimeType: "VIDEO/VP8"}).Kind(); k != Video {
		t.Errorf("the kind of VIDEO/VP8 is %v", k)
	}
}

func TestNames(t *testing.T) {
	for _, c := range []struct {
		mime                     string
		name                     string
		rtx, red, fec, auxiliary bool
	}{
		{"video/VP8", "VP8", false, false, false, false},
		{"video/rtx", "rtx", true, false, false, true},
		{"video/RTX", "RTX", true, false, false, true},
		{"audio/red", "red", false, true, false, true},
		{"video/ulpfec", "ulpfec", false, false, true, true},
		{"video/flexfec-03", "flexfec-03", false, false, true, true},
		{"audio/CN", "CN", false, false, false, true},
		{"audio/telephone-event", "telephone-event", false, false, false, true},
		{"opus", "opus", false, false, false, false},
		{"", "", false, false, false, false},
	} {
		got := Codec{MimeType: c.mime}
		if got.Name() != c.name || got.IsRTX() != c.rtx || got.IsRED() != c.red || got.IsFEC() != c.fec || got.IsAuxiliary() != c.auxiliary {
			t.Errorf("%q: name %q, rtx %v, red %v, fec %v, auxiliary %v", c.mime, got.Name(), got.IsRTX(), got.IsRED(), got.IsFEC(), got.IsAuxiliary())
		}
	}
}

func TestApt(t *testing.T) {
	for _, c := range []struct {
		codec string
		pt    uint8
		ok    bool
	}{
		{"97 rtx/90000 apt=96", 96, true},
		{"97 rtx/90000 rtx-time=3000; APT=0", 0, true},
		{"97 rtx/90000", 0, false},
		{"97 rtx/90000 apt=", 0, false},
		{"97 rtx/90000 apt=128", 0, false},
		{"97 rtx/90000 apt=-1", 0, false},
		{"96 VP8/90000 apt=96", 0, false},
	} {
		if pt, ok := parse(t, c.codec).Apt(); pt != c.pt || ok != c.ok {
			t.Errorf("%s: apt %d, %v; want %d, %v", c.codec, pt, ok, c.pt, c.ok)
		}
	}
}

func TestFmtp(t *testing.T) {
	f := ParseFmtp(" minptime=10 ;useinbandfec = 1;;0-15; x=a=b;MINPTIME=20")
	if s := f.String(); s != "minptime=10;useinbandfec=1;0-15;x=a=b;MINPTIME=20" {
		t.Errorf("written again as %q", s)
	}
	for name, want := range map[string]string{"MinPTime": "10", "useinbandfec": "1", "0-15": "", "x": "a=b"} {
		if v, ok := f.Get(name); !ok || v != want {
			t.Errorf("%s is %q, %v; want %q", name, v, ok, want)
		}
	}
	if _, ok := f.Get("stereo"); ok {
		t.Error("stereo is there")
	}
	if s := f.With("x", "1").With("y", "2").Without("minptime").String(); s != "useinbandfec=1;0-15;x=1;y=2" {
		t.Errorf("after changes %q", s)
	}
	if s := f.String(); s != "minptime=10;useinbandfec=1;0-15;x=a=b;MINPTIME=20" {
		t.Errorf("a change of a copy made it %q", s)
	}
}

// TestDefaults checks that payload types are unique over both kinds and usable,
// that the static ones are as RFC 3551 §6 assigns them, that every format finds
// itself, and that whatever serves another names one that is there.
func TestDefaults(t *testing.T) {
	seen := map[uint8]string{}
	for _, kind := range []Kind{Audio, Video} {
		list := Defaults(kind)
		for _, c := range list {
			if other, ok := seen[c.PayloadType]; ok || !usable(c.PayloadType) {
				t.Errorf("%s has payload type %d, as %s", c.MimeType, c.PayloadType, other)
			}
			seen[c.PayloadType] = c.MimeType
			if c.Kind() != kind {
				t.Errorf("%s is among %s", c.MimeType, kind)
			}
		}
		if got := Negotiate(list, list, false); !slices.EqualFunc(got, list, func(a, b Codec) bool {
			return a.PayloadType == b.PayloadType && a.MimeType == b.MimeType && a.Fmtp == b.Fmtp && slices.Equal(a.Feedback, b.Feedback)
		}) {
			t.Errorf("answering the %s defaults with themselves:\n%q\n%q", kind, written(got), written(list))
		}
	}
	for pt, mime := range map[uint8]string{0: "audio/PCMU", 8: "audio/PCMA", 9: "audio/G722", 13: "audio/CN"} {
		if seen[pt] != mime {
			t.Errorf("payload type %d is %q, want %s", pt, seen[pt], mime)
		}
	}
	if Defaults(0) != nil {
		t.Error("there are codecs of no kind")
	}
	Defaults(Video)[0].Feedback[0].Type = "changed"
	if Defaults(Video)[0].Feedback[0].Type == "changed" {
		t.Error("the defaults are shared")
	}
}
