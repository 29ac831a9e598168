package transceiver

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// play runs a dtmf to its end and writes down what it does: time in ms, and the
// tone that begins or the packet (M for the marker, E for the end, duration in
// ticks, the segment's offset if there is one).
func (d *dtmf) play(t *testing.T) (all []string) {
	t.Helper()
	for range 10000 {
		now := d.next()
		if now.IsZero() {
			return all
		}
		for o, ok := d.handle(now); ok; o, ok = d.handle(now) {
			all = append(all, o.line(now))
		}
	}
	t.Fatal("the tones do not end")
	return nil
}

func (o toneOutput) line(now time.Time) string {
	ms := now.Sub(sendEpoch).Milliseconds()
	if o.change {
		return fmt.Sprintf("%d %q", ms, o.tone)
	}
	p, flags := o.packet, ""
	if p.marker {
		flags += "M"
	}
	if p.end {
		flags += "E"
	}
	s := fmt.Sprintf("%d %s%d:%d", ms, flags, p.code, p.duration)
	if p.segment > 0 {
		s += fmt.Sprintf("+%d", p.segment)
	}
	return s
}

func wantLines(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// RFC 4733 §2.5.1: the marker on the first packet, updates every 50 ms, the end
// three times; webrtc-pc §7.2: the tone lasts for duration, the next one begins
// after the gap.
func TestTonesAreEvents(t *testing.T) {
	var d dtmf
	if err := d.insert(sendEpoch, "1,d", 0, 0, 8000); err != nil {
		t.Fatal(err)
	}
	wantLines(t, d.play(t),
		`0 "1"`, `0 M1:400`, `50 1:800`, `100 E1:800`, `123 E1:800`, `146 E1:800`,
		`170 ","`,
		`2170 "D"`, `2170 M15:400`, `2220 15:800`, `2270 E15:800`, `2293 E15:800`, `2316 E15:800`,
		`2340 ""`)
}

func TestShortestTones(t *testing.T) {
	var d dtmf
	if err := d.insert(sendEpoch, "#*", time.Millisecond, time.Millisecond, 48000); err != nil {
		t.Fatal(err)
	}
	wantLines(t, d.play(t),
		`0 "#"`, `0 M11:1920`, `40 E11:1920`, `50 E11:1920`, `60 E11:1920`,
		`70 "*"`, `70 M10:1920`, `110 E10:1920`, `120 E10:1920`, `130 E10:1920`,
		`140 ""`)
}

// RFC 4733 §2.5.1.3: segments of 0xFFFF ticks, without E, without M on the later
// ones.
func TestLongTonesHaveSegments(t *testing.T) {
	var d dtmf
	if err := d.insert(sendEpoch, "9", time.Hour, 0, 48000); err != nil {
		t.Fatal(err)
	}
	got := d.play(t)
	var edges []string
	for i, line := range got {
		if i < 3 || strings.Contains(line, ":65535") || strings.Contains(line, "E") || strings.HasSuffix(line, `""`) {
			edges = append(edges, line)
		} else if strings.Contains(got[i-1], ":65535") {
			edges = append(edges, line)
		}
	}
	wantLines(t, edges,
		`0 "9"`, `0 M9:2400`, `50 9:4800`,
		`1350 9:65535`, `1350 9:65535`, `1350 9:65535`, `1350 9:1665+65535`,
		`2700 9:65535+65535`, `2700 9:65535+65535`, `2700 9:65535+65535`, `2700 9:930+131070`,
		`4050 9:65535+131070`, `4050 9:65535+131070`, `4050 9:65535+131070`, `4050 9:195+196605`,
		`5450 9:65535+196605`, `5450 9:65535+196605`, `5450 9:65535+196605`, `5450 9:1860+262140`,
		`6000 E9:25860+262140`, `6023 E9:25860+262140`, `6046 E9:25860+262140`, `6070 ""`)
}

// webrtc-pc §7.2: a new buffer replaces what has not begun; the tone that plays
// goes on. "" cancels the rest.
func TestInsertReplacesTheBuffer(t *testing.T) {
	var d dtmf
	_ = d.insert(sendEpoch, "123", 0, 0, 8000)
	var got []string
	run := func(until time.Duration) {
		for now := sendEpoch.Add(until); ; {
			o, ok := d.handle(now)
			if !ok {
				return
			}
			if o.change {
				got = append(got, fmt.Sprintf("%q", o.tone))
			}
		}
	}
	run(0)
	if d.buffer != "23" {
		t.Errorf("the buffer is %q", d.buffer)
	}
	if err := d.insert(sendEpoch, "1x", 0, 0, 8000); !errors.Is(err, ErrTones) || d.buffer != "23" {
		t.Errorf("x was inserted: %v", err)
	}
	if err := d.insert(sendEpoch, strings.Repeat("1", maxTones+1), 0, 0, 8000); !errors.Is(err, ErrTones) {
		t.Errorf("too many were inserted: %v", err)
	}
	_ = d.insert(sendEpoch.Add(20*time.Millisecond), "4", 200*time.Millisecond, 0, 8000)
	run(169 * time.Millisecond)
	run(170 * time.Millisecond)
	_ = d.insert(sendEpoch.Add(180*time.Millisecond), "567", 0, 0, 8000)
	_ = d.insert(sendEpoch.Add(190*time.Millisecond), "", 0, 0, 8000)
	run(439 * time.Millisecond)
	if want := []string{`"1"`, `"4"`}; !slices.Equal(got, want) {
		t.Errorf("tones %v, want %v", got, want)
	}
	run(440 * time.Millisecond)
	if want := []string{`"1"`, `"4"`, `""`}; !slices.Equal(got, want) || !d.next().IsZero() {
		t.Errorf("tones %v, want %v", got, want)
	}
	// Nothing plays: "" tells nothing.
	_ = d.insert(sendEpoch.Add(time.Second), "", 0, 0, 8000)
	if !d.next().IsZero() {
		t.Error("an empty buffer plays")
	}
}

// Tones take their place among the packets of the audio.
func TestTonesShareTheSequence(t *testing.T) {
	w := newSendWorld(t)
	var told []string
	st := w.s.NewSendStream(audioConfig(), SendEvents{OnToneChange: func(tone string) { told = append(told, tone) }})
	if !st.CanInsertDTMF() {
		t.Fatal("tones cannot be sent")
	}
	w.write(st, rtpHeaderOf(111, 100, 48000), "audio")
	w.after(10 * time.Millisecond)
	if err := st.InsertDTMF(w.now, "5", 0, 0); err != nil || w.wakes == 0 {
		t.Fatal(err, w.wakes)
	}
	if st.ToneBuffer() != "5" {
		t.Errorf("the buffer is %q", st.ToneBuffer())
	}
	w.s.out.handleTimeout(w.now)
	w.after(10 * time.Millisecond)
	w.write(st, rtpHeaderOf(111, 102, 48000+2*960), "audio")
	w.write(st, rtpHeaderOf(111, 101, 48000+960), "late")
	for range 20 {
		if at := w.s.out.nextTimeout(); at.Sub(w.now) < 200*time.Millisecond {
			w.now = at
			w.s.out.handleTimeout(w.now)
		}
	}
	w.write(st, rtpHeaderOf(111, 103, 48000+3*960), "audio")
	var got []string
	for _, g := range w.rtp {
		line := fmt.Sprintf("%d at %d: %s", g.SequenceNumber, g.Timestamp, g.payload)
		if g.PayloadType == 126 {
			line = fmt.Sprintf("%d at %d: %x %v", g.SequenceNumber, g.Timestamp, g.payload, g.Marker)
		}
		got = append(got, line)
	}
	wantLines(t, got,
		"100 at 48000: audio",
		"101 at 48480: 050a0960 true",
		"103 at 49920: audio",
		"102 at 48960: late",
		"104 at 48480: 050a12c0 false", "105 at 48480: 058a12c0 false", "106 at 48480: 058a12c0 false", "107 at 48480: 058a12c0 false",
		"108 at 50880: audio")
	if !slices.Equal(told, []string{"5", ""}) {
		t.Errorf("told %q", told)
	}
	if len(w.s.out.playing) != 0 {
		t.Error("the stream still plays")
	}
}

func TestTonesBeforeAnyAudio(t *testing.T) {
	w := newSendWorld(t)
	st := w.s.NewSendStream(audioConfig(), SendEvents{})
	if err := st.InsertDTMF(w.now, "0", 0, 0); err != nil {
		t.Fatal(err)
	}
	w.s.out.handleTimeout(w.now)
	if len(w.rtp) != 1 || w.rtp[0].SequenceNumber > firstSequence {
		t.Fatalf("%d packets", len(w.rtp))
	}
	w.after(20 * time.Millisecond)
	g := w.write(st, rtpHeaderOf(111, 60000, 777), "audio")
	if g.SequenceNumber != w.rtp[0].SequenceNumber+1 || g.Timestamp != w.rtp[0].Timestamp+960 {
		t.Errorf("audio begins at %d, %d after %d, %d", g.SequenceNumber, g.Timestamp, w.rtp[0].SequenceNumber, w.rtp[0].Timestamp)
	}
}

func TestTonesNeedAFormatAndAnActiveStream(t *testing.T) {
	w := newSendWorld(t)
	c := audioConfig()
	c.Codecs = c.Codecs[:1]
	st := w.s.NewSendStream(c, SendEvents{OnToneChange: func(string) { t.Error("a tone began") }})
	if err := st.InsertDTMF(w.now, "1", 0, 0); err != ErrNoTones || st.CanInsertDTMF() {
		t.Errorf("without a format: %v", err)
	}
	st.Configure(audioConfig())
	if err := st.InsertDTMF(w.now, "!", 0, 0); !errors.Is(err, ErrTones) {
		t.Errorf("tone !: %v", err)
	}
	if err := st.InsertDTMF(w.now, "12", 0, 0); err != nil {
		t.Fatal(err)
	}
	c = audioConfig()
	c.Active = false
	st.Configure(c)
	w.s.out.handleTimeout(w.now)
	if at := w.s.out.nextTimeout(); !at.IsZero() || len(w.rtp) != 0 {
		t.Errorf("the tones go on at %v", at)
	}
}

func TestToneFormatHasTheClockOfTheAudio(t *testing.T) {
	w := newSendWorld(t)
	c := audioConfig()
	narrow := tone
	narrow.PayloadType, narrow.ClockRate = 101, 8000
	c.Codecs = append(c.Codecs[:1:1], narrow, tone)
	st := w.s.NewSendStream(c, SendEvents{})
	if f, _ := st.toneFormat(); f.payloadType != 126 {
		t.Errorf("opus has tones in %d", f.payloadType)
	}
	c.Codecs = append(c.Codecs[:1:1], narrow)
	st.Configure(c)
	if f, _ := st.toneFormat(); f.payloadType != 101 {
		t.Errorf("tones in %d", f.payloadType)
	}
}
