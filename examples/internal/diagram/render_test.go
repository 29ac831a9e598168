package diagram

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// story is a short exchange with an arrow of each sort.
var story = []Event{
	{At: 1200 * time.Microsecond, From: PeerA, To: STUN, Kind: KindSTUN, Text: "who am I?"},
	{At: 1300 * time.Microsecond, From: STUN, To: PeerA, Kind: KindSTUN, Text: "you are 127.0.0.1:50000"},
	{At: 2 * time.Millisecond, From: PeerA, To: Signal, Kind: KindSignal, Text: "offer"},
	{At: 2 * time.Millisecond, From: Signal, To: PeerB, Kind: KindSignal, Text: "offer"},
	{At: 3 * time.Millisecond, From: PeerB, To: PeerB, Kind: KindState, Text: "signaling: stable"},
	{At: 4 * time.Millisecond, From: PeerA, To: PeerA, Kind: KindState, Text: "signaling: stable"},
	{At: 12345 * time.Millisecond, From: PeerB, To: PeerA, Kind: KindCheck, Text: "check"},
	{At: 12346 * time.Millisecond, From: Signal, To: PeerB, Kind: KindSignal, Text: "a text that does not fit between the two"},
}

// draw returns what a renderer makes of the story.
func draw(style Style) string {
	var out bytes.Buffer
	r := NewRenderer(&out, style)
	for _, e := range story {
		r.Draw(e)
	}
	r.Close()
	return out.String()
}

func TestASCII(t *testing.T) {
	want := `
           Peer A                       STUN     TURN    Signal channel                      Peer B
              |                           |        |            |                               |
    1.2ms     |-------- who am I? ------->|        |            |                               |
    1.3ms     |< you are 127.0.0.1:50000 -|        |            |                               |
    2.0ms     |--------------------- offer --------+----------->|                               |
    2.0ms     |                           |        |            |------------ offer ----------->|
    3.0ms     |                           |        |            |            signaling: stable  *
    4.0ms     * signaling: stable         |        |            |                               |
12345.0ms     |<--------------------------+--------+ check -----+-------------------------------|
12346.0ms     |                           |        |        a text that does not fit between the two
              |                           |        |            |------------------------------>|
              |                           |        |            |                               |
`
	if got := draw(Style{Width: 100}); got != want[1:] {
		t.Errorf("drawn:\n%s\nwant:%s", got, want)
	}
}

// Whatever the width, no line is wider, and each arrow ends at its party.
func TestWidths(t *testing.T) {
	for _, width := range []int{0, 40, 60, 61, 79, 80, 99, 100, 120, 140, 1000} {
		for _, style := range []Style{{Width: width}, {Width: width, Unicode: true}} {
			limit := min(max(width, minWidth), maxWidth)
			for line := range strings.Lines(draw(style)) {
				if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > limit {
					t.Errorf("width %d: %d characters: %s", width, n, line)
				}
			}
		}
	}
}

func TestUnicode(t *testing.T) {
	got := draw(Style{Width: 80, Unicode: true})
	for _, want := range []string{"├", "▶│", "│◀", "┤", "┼", "● signaling: stable", "signaling: stable  ●"} {
		if !strings.Contains(got, want) {
			t.Errorf("there is no %q in\n%s", want, got)
		}
	}
}

// Colours change nothing but the colours.
func TestColor(t *testing.T) {
	plain, colored := draw(Style{Width: 100}), draw(Style{Width: 100, Color: true})
	for _, color := range append([]string{"\x1b[0m", "\x1b[1m", dim}, colors[KindSTUN], colors[KindSignal], colors[KindCheck]) {
		if !strings.Contains(colored, color) {
			t.Errorf("there is no %q", color)
		}
		colored = strings.ReplaceAll(colored, color, "")
	}
	for _, color := range colors {
		colored = strings.ReplaceAll(colored, color, "")
	}
	trim := func(s string) string { // a line's colour may go on to its end
		lines := strings.Split(s, "\n")
		for i := range lines {
			lines[i] = strings.TrimRight(lines[i], " ")
		}
		return strings.Join(lines, "\n")
	}
	if trim(colored) != plain {
		t.Errorf("without its colours:\n%s\nwant\n%s", colored, plain)
	}
}

func TestPlain(t *testing.T) {
	want := []string{
		"    1.2ms  Peer A -> STUN              who am I?",
		"    3.0ms  Peer B                      signaling: stable",
	}
	got := draw(Style{Width: 60, Plain: true})
	for _, line := range want {
		if !strings.Contains(got, line+"\n") {
			t.Errorf("there is no line %q in\n%s", line, got)
		}
	}
	if n := strings.Count(got, "\n"); n != len(story) {
		t.Errorf("%d lines for %d events", n, len(story))
	}
}

func TestWriterFails(t *testing.T) {
	failure := errors.New("no paper")
	r := NewRenderer(writer(func([]byte) (int, error) { return 0, failure }), Style{})
	r.Draw(story[0])
	if !errors.Is(r.Err(), failure) {
		t.Errorf("Err() = %v", r.Err())
	}
}

type writer func([]byte) (int, error)

func (w writer) Write(b []byte) (int, error) { return w(b) }
