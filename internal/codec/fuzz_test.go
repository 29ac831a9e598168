package codec

import (
	"slices"
	"strings"
	"testing"
)

// parameters are what real peers write for the formats, and what is hard to read.
var parameters = map[string][]string{
	"H264":            {"level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f", "profile-level-id=42f00b", "packetization-mode=-1;profile-level-id=ffffff", "profile-level-id=X", "profile-level-id=\xff\xff\xff\xff\xff\xff"},
	"H265":            {"level-id=93;profile-id=1;tier-flag=0;tx-mode=SRST", "level-id=99999999999999999999", "max-recv-level-id=150"},
	"VP8":             {"max-fs=12288;max-fr=60"},
	"VP9":             {"profile-id=0", "profile-id=two", "profile-id=0;profile-id=2"},
	"AV1":             {"level-idx=5;profile=0;tier=0", "profile=0; level-idx=4; tier=1;"},
	"opus":            {"minptime=10;useinbandfec=1", "useinbandfec=1; maxaveragebitrate=14400; maxplaybackrate=8000; ptime=20; minptime=10; maxptime=40"},
	"telephone-event": {"0-15", "0-15,66,70", "events=0-15"},
	"rtx":             {"apt=96", "apt=96;rtx-time=3000", "apt=apt"},
	"red":             {"111/111", "111/112/113", "////", "111/"},
	"CN":              {""},
	"G722":            {"bitrate=64000"},
	"flexfec-03":      {"repair-window=10000000"},
	"X-unknown":       {"a=1;b", ";;;=;= ="},
}

// FuzzFmtp has parameters written again, which must change nothing more, and
// compared and answered in every format.
func FuzzFmtp(f *testing.F) {
	for _, name := range slices.Sorted(func(yield func(string) bool) {
		for name := range parameters {
			if !yield(name) {
				return
			}
		}
	}) {
		for _, p := range parameters[name] {
			f.Add(name, p, parameters[name][0])
		}
	}
	f.Fuzz(func(t *testing.T, name, offered, local string) {
		if len(offered)+len(local) > 4096 {
			return
		}
		once := ParseFmtp(offered).String()
		if again := ParseFmtp(once).String(); again != once {
			t.Fatalf("%q is read as %q, and that as %q", offered, once, again)
		}
		for _, kind := range []string{"video/", "audio/"} {
			o := Codec{PayloadType: 96, MimeType: kind + name, ClockRate: 90000, Fmtp: offered}
			l := Codec{PayloadType: 97, MimeType: kind + name, ClockRate: 90000, Fmtp: local}
			if Match(o, l) != Match(l, o) {
				t.Fatalf("%q matches %q one way only", offered, local)
			}
			// Formats that are the same stay so in the answer.
			answer := Negotiate([]Codec{o}, []Codec{l}, false)
			if len(answer) > 1 {
				t.Fatalf("%d codecs answer one", len(answer))
			}
			if len(answer) == 1 && (!takes(l, answer[0]) || !Match(answer[0], o)) {
				t.Fatalf("%q is answered with %q, as ours is %q", offered, answer[0].Fmtp, local)
			}
		}
	})
}

// FuzzNegotiate has whole lists compared; each line is a codec as the tests
// write them.
func FuzzNegotiate(f *testing.F) {
	for _, file := range goldens(f) {
		for _, s := range sections(f, file) {
			f.Add(strings.Join(written(s.codecs), "\n"), strings.Join(written(Defaults(s.kind)), "\n"))
		}
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		a, b := fuzzed(first), fuzzed(second)
		if len(a) > 64 || len(b) > 64 {
			return
		}
		for _, answer := range [][]Codec{Negotiate(a, b, false), Negotiate(a, b, true), Accepted(a, b)} {
			if len(answer) == 0 {
				continue
			}
			if !slices.ContainsFunc(answer, func(c Codec) bool { return !c.IsAuxiliary() }) {
				t.Fatalf("%q is no media", written(answer))
			}
			seen := map[uint8]bool{}
			for _, c := range answer {
				apt, ok := c.Apt()
				if seen[c.PayloadType] || c.IsRTX() && (!ok || !slices.ContainsFunc(answer, func(m Codec) bool { return m.PayloadType == apt })) {
					t.Fatalf("%v in %q", c, written(answer))
				}
				seen[c.PayloadType] = true
			}
		}
		taken := map[uint8]Codec{}
		for _, c := range b {
			taken[c.PayloadType] = c
		}
		if err := consistent(Renumber(a, taken), taken); err != nil {
			t.Fatal(err)
		}
	})
}

func fuzzed(lines string) []Codec {
	var out []Codec
	for line := range strings.Lines(lines) {
		line, feedback, _ := strings.Cut(line, "|")
		fields := strings.SplitN(strings.TrimSpace(line), " ", 3)
		pt, ok := parsePayloadType(fields[0])
		if !ok || len(fields) < 2 {
			continue
		}
		name, _, _ := strings.Cut(fields[1], "/")
		c := Codec{PayloadType: pt, MimeType: "video/" + name, ClockRate: 90000}
		if len(fields) > 2 {
			c.Fmtp = fields[2]
		}
		for item := range strings.SplitSeq(feedback, ",") {
			typ, parameter, _ := strings.Cut(strings.TrimSpace(item), " ")
			c.Feedback = append(c.Feedback, Feedback{typ, parameter})
		}
		out = append(out, c)
	}
	return out
}
