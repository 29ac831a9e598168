package sdp

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

const base = "v=0\r\no=- 12 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n" +
	"m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=sendonly\r\na=rtpmap:111 opus/48000/2\r\na=rtcp-mux\r\n" +
	"m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\nb=AS:30\r\na=mid:1\r\na=sctp-port:5000\r\n"

func wantParsed(t *testing.T, text string) *Session {
	t.Helper()
	s, err := Parse(text)
	if err != nil {
		t.Fatalf("%v\n%.2000s", err, text)
	}
	return s
}

// TestLiberalReader reads descriptions that differ from the grammar as peers
// and copying by hand make them differ; all of them mean the same.
func TestLiberalReader(t *testing.T) {
	want := wantParsed(t, base)
	replace := func(old, with string) string {
		t.Helper()
		if !strings.Contains(base, old) {
			t.Fatalf("the base has no %q", old)
		}
		return strings.Replace(base, old, with, 1)
	}
	for name, text := range map[string]string{
		"line feeds only":                     strings.ReplaceAll(base, "\r\n", "\n"),
		"two carriage returns":                strings.ReplaceAll(base, "\r\n", "\r\r\n"),
		"mixed line ends":                     replace("\r\n", "\n"),
		"no last line end":                    strings.TrimSuffix(base, "\r\n"),
		"no last line feed":                   strings.TrimSuffix(base, "\n"),
		"blank lines at the end":              base + "\r\n\n\r\n",
		"blank lines at the beginning":        "\r\n\n" + base,
		"blank lines between sections":        strings.ReplaceAll(base, "m=", "\r\nm="),
		"spaces at the ends of lines":         strings.ReplaceAll(base, "\r\n", " \t\r\n"),
		"no t= line":                          replace("t=0 0\r\n", ""),
		"t= before s=":                        replace("s=-\r\nt=0 0\r\n", "t=0 0\r\ns=-\r\n"),
		"attribute before o=":                 replace("o=- 12 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n", "a=group:BUNDLE 0 1\r\no=- 12 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"),
		"b= before c=":                        replace("c=IN IP4 0.0.0.0\r\nb=AS:30\r\n", "b=AS:30\r\nc=IN IP4 0.0.0.0\r\n"),
		"b= and c= after attributes":          replace("c=IN IP4 0.0.0.0\r\nb=AS:30\r\na=mid:1\r\n", "a=mid:1\r\nb=AS:30\r\nc=IN IP4 0.0.0.0\r\n"),
		"a second c= in a section":            replace("b=AS:30\r\n", "b=AS:30\r\nc=IN IP4 192.0.2.9\r\n"),
		"a bandwidth that is no number":       replace("b=AS:30\r\n", "b=AS:30\r\nb=AS:many\r\n"),
		"lines JSEP does not use":             replace("t=0 0\r\n", "i=a\r\nu=b\r\ne=c\r\np=d\r\nt=0 0\r\nr=1 2 3\r\nz=0 1h\r\nk=clear:x\r\n"),
		"k= in a section":                     base + "k=prompt\r\n",
		"the same mid twice in one section":   replace("a=mid:0\r\n", "a=mid:0\r\na=mid:0\r\n"),
		"several spaces in m=":                replace("m=audio 9 ", "m=audio  9   "),
		"direction twice, the last one valid": replace("a=sendonly\r\n", "a=sendrecv\r\na=sendonly\r\n"),
	} {
		t.Run(name, func(t *testing.T) {
			if got := wantParsed(t, text); !reflect.DeepEqual(got, want) {
				t.Errorf("read as\n%s\nwant\n%s", summary(got), summary(want))
			}
		})
	}
	t.Run("no s= line", func(t *testing.T) {
		if got := wantParsed(t, replace("s=-\r\n", "")); !reflect.DeepEqual(normal(got), want) {
			t.Errorf("read as\n%s", summary(got))
		}
	})
}

// TestUnknown keeps what it does not know, in order and as it was.
func TestUnknown(t *testing.T) {
	text := base + "a=zebra\r\na=x-nothing:\r\na=apple:1 2  3\r\nm=text 9 FOO/BAR fmt-1 fmt-2\r\na=mid:t\r\na=candidate:\r\nm=image 0 udptl t38\r\n"
	s := wantParsed(t, text)
	want := []Attribute{{Key: "zebra"}, {Key: "x-nothing", HasValue: true}, {Key: "apple", Value: "1 2  3", HasValue: true}}
	if !slices.Equal(s.Media[1].Attributes, want) {
		t.Errorf("got %+v, want %+v", s.Media[1].Attributes, want)
	}
	unknown := s.Media[2]
	if unknown.Malformed != nil || unknown.Kind != "text" || unknown.Proto != "FOO/BAR" || len(unknown.Formats) != 2 || unknown.Mid != "t" {
		t.Errorf("the section of unknown kind is %+v", unknown)
	}
	if len(s.Media) != 4 || !s.Media[3].IsRejected() {
		t.Errorf("the section after it is %+v", s.Media[3])
	}
	written := s.Marshal()
	if !strings.Contains(written, "a=zebra\r\na=x-nothing:\r\na=apple:1 2  3\r\nm=text 9 FOO/BAR fmt-1 fmt-2\r\n") {
		t.Errorf("the unknown was not written back:\n%s", written)
	}
}

// TestUselessAttributes reads attributes whose values are out of range: they
// stay behind as text, the section is as good as without them.
func TestUselessAttributes(t *testing.T) {
	for _, line := range []string{
		"rtpmap:128 opus/48000", "rtpmap:111", "rtpmap:111 opus", "rtpmap:111 opus/x", "rtpmap:111 opus/4294967296",
		"rtpmap:111 opus/48000/0", "rtpmap:111 opus/48000/65536", "rtpmap:111 /48000", "rtpmap:-1 opus/48000",
		"fmtp:", "rtcp-fb:111", "rtcp-fb:",
		"extmap:0 urn:x", "extmap:256 urn:x", "extmap:4095 urn:x", "extmap:4352 urn:x", "extmap:65537 urn:x", "extmap:1", "extmap:1/both urn:x", "extmap:x urn:x",
		"ssrc:4294967296 cname:x", "ssrc:-1 cname:x", "ssrc:1", "ssrc:1 cname:", "ssrc-group:FID 1 4294967296", "ssrc-group:", "ssrc-group:FID x",
		"rid:", "rid:1", "rid:a both", "rid:a! send", "rid:a send pt=128", "rid:a send pt=", "rid:a send pt=1,x", "rid:" + strings.Repeat("a", 256) + " send",
		"simulcast:", "simulcast:send", "simulcast:both a", "simulcast:send a;;b", "simulcast:send a,~", "simulcast:send a send b", "simulcast: send rid=a;b",
		"ptime:0", "ptime:-20", "ptime:2.5", "ptime:99999999999", "maxptime:x",
		"msid:", "msid:a b c", "rtcp:", "candidate:", "ice-options:", "ice-options: ,", "tls-id:", "sctp-init:",
		"simulcast:send a" + strings.Repeat(",a", maxSimulcast), "simulcast:send a" + strings.Repeat(";a", maxSimulcast),
		"sendrecv:1", "rtcp-mux:1", "mid", "setup", "fingerprint", "ice-ufrag", "ice-lite", "group:BUNDLE 0", "identity:x",
	} {
		t.Run(line, func(t *testing.T) {
			want := wantParsed(t, base)
			got := wantParsed(t, base+"a="+line+"\r\n")
			m := got.Media[1]
			if m.Malformed != nil {
				t.Fatalf("the section is malformed: %v", m.Malformed)
			}
			key, value, has := strings.Cut(strings.TrimRight(line, " "), ":")
			if !slices.Equal(m.Attributes, []Attribute{{key, value, has}}) {
				t.Fatalf("the attribute was not left as text: %+v", m.Attributes)
			}
			m.Attributes = nil
			if !reflect.DeepEqual(got, want) {
				t.Errorf("it changed the model to\n%s", summary(got))
			}
		})
	}
}

// TestFirstCounts: of attributes that may stand once the first counts, and the
// others stay behind as text.
func TestFirstCounts(t *testing.T) {
	for _, name := range []string{"ptime:10 20", "maxptime:10 20", "rtcp:9 10", "tls-id:abc def", "sctp-init:AQ== Ag==", "simulcast:send_a send_b"} {
		key, values, _ := strings.Cut(name, ":")
		first, second, _ := strings.Cut(values, " ")
		first, second = strings.ReplaceAll(first, "_", " "), strings.ReplaceAll(second, "_", " ")
		one := wantParsed(t, base+"a="+key+":"+first+"\n").Media[1]
		two := wantParsed(t, base+"a="+key+":"+first+"\na="+key+":"+second+"\n").Media[1]
		if !slices.Equal(two.Attributes, []Attribute{{key, second, true}}) || len(one.Attributes) != 0 {
			t.Errorf("%s: left as text are %+v", name, two.Attributes)
		}
		two.Attributes = nil
		if !reflect.DeepEqual(one, two) {
			t.Errorf("%s: the second changed the section to %+v", name, two)
		}
	}
	s := wantParsed(t, "v=0\no=- 1 1 IN IP4 0.0.0.0\nc=IN IP4 192.0.2.1\nc=IN IP4 192.0.2.2\n")
	if s.Connection != "192.0.2.1" {
		t.Errorf("the second c= line counts: %s", s.Connection)
	}
}

func TestParseUint(t *testing.T) {
	for _, c := range []struct {
		s     string
		limit uint64
		want  uint64
		ok    bool
	}{
		{"0", 0, 0, true}, {"1", 0, 0, false}, {"5", 5, 5, true}, {"6", 5, 0, false}, {"10", 5, 0, false}, {"007", 7, 7, true},
		{"65535", 65535, 65535, true}, {"65536", 65535, 0, false}, {"18446744073709551615", 1<<64 - 1, 1<<64 - 1, true},
		{"18446744073709551616", 1<<64 - 1, 0, false}, {"", 9, 0, false}, {"-1", 9, 0, false}, {"+1", 9, 0, false}, {" 1", 9, 0, false}, {"1x", 99, 0, false}, {"٣", 9, 0, false},
	} {
		if got, ok := parseUint(c.s, c.limit); got != c.want || ok != c.ok {
			t.Errorf("%q up to %d: got %d, %v", c.s, c.limit, got, ok)
		}
	}
}

// TestLimits wants typed errors for descriptions past the sizes, and none at
// the limits themselves.
func TestLimits(t *testing.T) {
	head := "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\n"
	section := "m=a 0 b c\n"
	fill := func(n int) string { return head + "a=" + strings.Repeat("x", n-len(head)-2) }
	for _, c := range []struct {
		name string
		text string
		ok   bool
	}{
		{"sections at the limit", head + strings.Repeat(section, MaxMedia), true},
		{"a section more", head + strings.Repeat(section, MaxMedia+1), false},
		{"lines at the limit", head + strings.Repeat("a=x\n", MaxLines-3) + "a=x", true},
		{"a line more", head + strings.Repeat("a=x\n", MaxLines-2) + "a=x", false},
		{"text at the limit", fill(MaxSize), true},
		{"a byte more", fill(MaxSize + 1), false},
	} {
		t.Run(c.name, func(t *testing.T) { wantLimit(t, c.text, c.ok) })
	}
}
