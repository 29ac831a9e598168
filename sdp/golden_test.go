package sdp

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden summaries anew")

const goldens = "../testdata/sdp"

// goldenFiles are the descriptions of real peers, name to text.
func goldenFiles(t testing.TB) map[string]string {
	t.Helper()
	return readFiles(t, filepath.Join(goldens, "*.sdp"))
}

func readFiles(t testing.TB, pattern string) map[string]string {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("no files %s: %v", pattern, err)
	}
	files := make(map[string]string, len(paths))
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files[strings.TrimSuffix(filepath.Base(path), ".sdp")] = string(text)
	}
	return files
}

// TestGoldens holds the reader to what it makes of the descriptions of real
// peers: nothing is malformed, nothing gets lost on the way through the writer,
// and the model is what the summary beside the description says.
func TestGoldens(t *testing.T) {
	for name, text := range goldenFiles(t) {
		t.Run(name, func(t *testing.T) {
			s, err := Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			for i, m := range s.Media {
				if m.Malformed != nil {
					t.Errorf("section %d: %v", i, m.Malformed)
				}
			}
			wantLossless(t, text, s)
			wantGolden(t, filepath.Join(goldens, name+".txt"), summary(s))
		})
	}
}

func wantGolden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the model differs from %s (go test -update writes it anew); got:\n%s", path, got)
	}
}

// wantLossless fails if a round trip through Marshal changes the model, or if
// a line of the description is in no line of the rewritten one.
func wantLossless(t *testing.T, text string, s *Session) {
	t.Helper()
	written := s.Marshal()
	again, err := Parse(written)
	if err != nil {
		t.Fatalf("what Marshal wrote does not parse: %v\n%s", err, written)
	}
	if !reflect.DeepEqual(normal(s), normal(again)) {
		t.Errorf("a round trip changed the model from\n%s\nto\n%s", summary(s), summary(again))
	}
	if second := again.Marshal(); second != written {
		t.Errorf("a second round trip changed the text from\n%s\nto\n%s", written, second)
	}
	wantCRLF(t, written)
	have := map[string]int{}
	for line := range strings.SplitSeq(written, "\n") {
		have[canonical(line)]++
	}
	for line := range strings.SplitSeq(text, "\n") {
		line = canonical(line)
		if line == "" {
			continue
		}
		if have[line]--; have[line] < 0 {
			t.Errorf("the line %q got lost", line)
		}
	}
}

// canonical removes the differences between lines that mean nothing.
func canonical(line string) string {
	line = strings.TrimRight(line, " \r")
	line = strings.Replace(line, "a=msid-semantic: ", "a=msid-semantic:", 1)
	line = strings.Replace(line, "a=msid: ", "a=msid:- ", 1)
	if strings.HasPrefix(line, "a=ice-options:") {
		line = strings.ReplaceAll(line, ",", " ")
	}
	return line
}

// normal is a copy with what Marshal writes for empty fields, and without
// what only tells where a description was read.
func normal(s *Session) *Session {
	c := s.Clone()
	if c.Name == "" {
		c.Name = "-"
	}
	for _, m := range c.Media {
		if m.Connection == "" && c.Connection == "" {
			m.Connection = "0.0.0.0"
		}
		if m.Malformed != nil {
			m.Malformed = errMalformed
		}
	}
	return c
}

var errMalformed = errors.New("malformed")

func wantCRLF(t *testing.T, text string) {
	t.Helper()
	if !strings.HasSuffix(text, "\r\n") {
		t.Error("the last line does not end in CRLF")
	}
	if n := strings.Count(text, "\r\n"); n != strings.Count(text, "\n") || n != strings.Count(text, "\r") {
		t.Error("a line ends in something else than CRLF")
	}
}

// summary prints the model, a line for a thing, so that a change of the reader
// shows in the difference of the golden files.
func summary(s *Session) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("origin %s %d %d %s", s.Origin.Username, s.Origin.SessionID, s.Origin.SessionVersion, s.Origin.Address)
	line("bundle %q groups %v", s.Bundle(), s.Groups)
	line("name %q lite %v mixed %v direction %v connection %q eoc %v semantic %q",
		s.Name, s.ICELite, s.ExtmapAllowMixed, s.Direction, s.Connection, s.EndOfCandidates, s.MsidSemantic)
	summarizeAttributes(line, "", s.Bandwidths, s.Extmaps, s.Attributes)
	for i, m := range s.Media {
		line("\nsection %d mid %q: %s port %d/%d %s %d formats", i, m.Mid, m.Kind, m.Port, m.PortCount, m.Proto, len(m.Formats))
		line("  rejected %v data %v rtp %v bundle-only %v malformed %v title %q", m.IsRejected(), m.IsData(), m.IsRTP(), m.BundleOnly, m.Malformed, m.Title)
		line("  direction %v connection %q mux %v mux-only %v rsize %v rtcp %q mixed %v cryptex %v",
			s.EffectiveDirection(m), m.Connection, m.RTCPMux, m.RTCPMuxOnly, m.RTCPRsize, m.RTCP, m.ExtmapAllowMixed, m.Cryptex)
		tr := s.EffectiveTransport(m)
		line("  ice %q %q options %q setup %v tls-id %q", tr.ICEUfrag, tr.ICEPwd, tr.ICEOptions, tr.Setup, tr.TLSID)
		for _, f := range tr.Fingerprints {
			line("  fingerprint %v", f)
		}
		for _, c := range m.Codecs() {
			line("  codec %v; %s; %v", c.RTPMap, c.Parameters, c.Feedback)
		}
		if m.IsData() {
			line("  sctp port %d max %d init %q", m.SCTPPort, m.EffectiveMaxMessageSize(), m.SCTPInit)
		}
		summarizeStreams(line, m)
		summarizeAttributes(line, "  ", m.Bandwidths, m.Extmaps, m.Attributes)
		for _, c := range m.Candidates {
			line("  candidate %s", c)
		}
		line("  end of candidates %v", m.EndOfCandidates)
	}
	return b.String()
}

func summarizeStreams(line func(string, ...any), m *Media) {
	for _, v := range m.Msids {
		line("  msid %q %q", v.Stream, v.Track)
	}
	for _, v := range m.SSRCGroups {
		line("  ssrc-group %s %v", v.Semantics, v.SSRCs)
	}
	for _, v := range m.SSRCs {
		line("  ssrc %d %s %q", v.ID, v.Attribute, v.Value)
	}
	for _, v := range m.RIDs {
		line("  rid %s %s %v %q", v.ID, v.Direction, v.PayloadTypes, v.Restrictions)
	}
	if m.Simulcast != nil {
		line("  simulcast send %v recv %v", m.Simulcast.Send, m.Simulcast.Recv)
	}
	if m.PTime+m.MaxPTime > 0 {
		line("  ptime %d max %d", m.PTime, m.MaxPTime)
	}
}

func summarizeAttributes(line func(string, ...any), indent string, bandwidths []Bandwidth, extmaps []Extmap, attributes []Attribute) {
	for _, v := range bandwidths {
		line(indent+"bandwidth %s %d", v.Type, v.Value)
	}
	for _, v := range extmaps {
		line(indent+"extmap %d %v %s %q", v.ID, v.Direction, v.URI, v.Attributes)
	}
	for _, v := range attributes {
		line(indent+"other %q %q", v.Key, v.Value)
	}
}
