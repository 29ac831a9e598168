package codec

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A section is what a description says of the formats of an m= section.
type section struct {
	kind   Kind
	codecs []Codec
}

// sections reads the sections of audio and video of a description, as far as
// this package's tests need.
func sections(t testing.TB, file string) []section {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out []section
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if rest, ok := strings.CutPrefix(line, "m="); ok {
			fields := strings.Fields(rest)
			s := section{}
			s.kind, _ = ParseKind(fields[0])
			for _, f := range fields[3:] {
				if pt, ok := parsePayloadType(f); ok && s.kind != 0 {
					s.codecs = append(s.codecs, Codec{PayloadType: pt})
				}
			}
			out = append(out, s)
		}
		if len(out) > 0 {
			out[len(out)-1].line(line)
		}
	}
	return slices.DeleteFunc(out, func(s section) bool { return len(s.codecs) == 0 })
}

func (s *section) line(line string) {
	name, value, _ := strings.Cut(strings.TrimPrefix(line, "a="), ":")
	number, rest, _ := strings.Cut(value, " ")
	for i := range s.codecs {
		c := &s.codecs[i]
		if number != strconv.Itoa(int(c.PayloadType)) && number != "*" {
			continue
		}
		switch name {
		case "rtpmap":
			fields := strings.Split(rest, "/")
			c.MimeType = s.kind.String() + "/" + fields[0]
			rate, _ := strconv.Atoi(fields[1])
			c.ClockRate = uint32(rate)
			if len(fields) > 2 {
				channels, _ := strconv.Atoi(fields[2])
				c.Channels = uint16(channels)
			}
		case "fmtp":
			c.Fmtp = rest
		case "rtcp-fb":
			typ, parameter, _ := strings.Cut(rest, " ")
			c.Feedback = append(c.Feedback, Feedback{typ, parameter})
		}
	}
}

func goldens(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("../../testdata/sdp/*.sdp")
	if err != nil || len(files) == 0 {
		t.Fatalf("no descriptions: %v", err)
	}
	return files
}

// TestRealOffersAreAnswered answers what browsers and libraries sent, with the
// defaults. What the defaults have no answer for is listed.
func TestRealOffersAreAnswered(t *testing.T) {
	unknown := []string{"ISAC", "ILBC", "flexfec-03", "ulpfec", "VP9 profile-id=1", "VP9 profile-id=3", "AV1 level-idx=5;profile=1;tier=0",
		"H264 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=f4001f",
		"H264 level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=f4001f",
	}
	seen := 0
	for _, file := range goldens(t) {
		for _, s := range sections(t, file) {
			if s.codecs[0].MimeType == "" {
				continue // an excerpt, or a rejected section
			}
			seen++
			answer := Negotiate(s.codecs, Defaults(s.kind), false)
			if len(answer) == 0 {
				t.Errorf("%s: %s finds no answer: %q", filepath.Base(file), s.kind, written(s.codecs))
				continue
			}
			for _, c := range s.codecs {
				at := slices.IndexFunc(answer, func(a Codec) bool { return a.PayloadType == c.PayloadType })
				// Redundancy and retransmission go with what they serve.
				if at < 0 && !c.IsRTX() && !(c.IsRED() && s.kind == Video) && c.MimeType != "" &&
					!(c.is("CN") && c.ClockRate != 8000) && !(c.is("telephone-event") && c.ClockRate == 16000) &&
					!slices.Contains(unknown, strings.TrimSpace(c.Name()+" "+c.Fmtp)) && !slices.Contains(unknown, c.Name()) {
					t.Errorf("%s: %q has no answer", filepath.Base(file), written([]Codec{c}))
				}
				if at >= 0 && !Match(answer[at], c) && !c.IsRTX() {
					t.Errorf("%s: %q is answered with %q", filepath.Base(file), written([]Codec{c}), written(answer[at:at+1]))
				}
			}
			if err := consistent(answer, nil); err != nil {
				t.Errorf("%s: %v", filepath.Base(file), err)
			}
		}
	}
	if seen < 100 {
		t.Errorf("only %d sections were read", seen)
	}
}

// TestRealAnswersAreAccepted reads each answer that a browser gave to its own
// offer's twin: what it accepted of what was offered is all there.
func TestRealAnswersAreAccepted(t *testing.T) {
	pairs := 0
	for _, file := range goldens(t) {
		offers, ok := strings.CutSuffix(file, "-answer.sdp")
		if _, err := os.Stat(offers + "-offer.sdp"); !ok || err != nil {
			continue
		}
		offered, answered := sections(t, offers+"-offer.sdp"), sections(t, file)
		if len(offered) != len(answered) {
			continue
		}
		for i := range offered {
			if answered[i].codecs[0].MimeType == "" || offered[i].kind != answered[i].kind {
				continue
			}
			pairs++
			got := Accepted(offered[i].codecs, answered[i].codecs)
			if len(got) != len(answered[i].codecs) {
				t.Errorf("%s: accepted %q of %q", filepath.Base(file), written(got), written(answered[i].codecs))
			}
		}
	}
	if pairs < 20 {
		t.Errorf("only %d pairs of sections were read", pairs)
	}
}

// TestChromiumVideoIsAnswered shows one answer whole.
func TestChromiumVideoIsAnswered(t *testing.T) {
	all := sections(t, "../../testdata/sdp/chromium-156-audio-video-data-offer.sdp")
	wantCodecs(t, Negotiate(all[0].codecs, Defaults(Audio), false),
		"111 opus/48000/2 minptime=10;useinbandfec=1 | transport-cc",
		"63 red/48000/2 111/111",
		"9 G722/8000",
		"0 PCMU/8000",
		"8 PCMA/8000",
		"13 CN/8000",
		"110 telephone-event/48000 0-15",
		"126 telephone-event/8000 0-15",
	)
	const feedback = " | goog-remb, transport-cc, ccm fir, nack, nack pli"
	const h264 = "level-asymmetry-allowed=1;packetization-mode="
	got := Negotiate(all[1].codecs, Defaults(Video), false)
	wantCodecs(t, got[:8],
		"96 VP8/90000"+feedback, "97 rtx/90000 apt=96",
		"102 H264/90000 "+h264+"1;profile-level-id=42001f"+feedback, "103 rtx/90000 apt=102",
		"104 H264/90000 "+h264+"0;profile-level-id=42001f"+feedback, "107 rtx/90000 apt=104",
		"108 H264/90000 "+h264+"1;profile-level-id=42e01f"+feedback, "109 rtx/90000 apt=108",
	)
}
