package samplebuilder

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"
)

// A letters depacketizer reads payloads of letters: a capital begins a frame,
// '!' is malformed, and the marker ends one.
type letters struct{ last byte }

func (l *letters) Unmarshal(p []byte) ([]byte, error) {
	if p[0] == '!' {
		return nil, fmt.Errorf("malformed")
	}
	l.last = p[0]
	return p, nil
}
func (*letters) IsPartitionHead(p []byte) bool              { return strings.ToUpper(string(p)) == string(p) }
func (*letters) IsPartitionTail(marker bool, _ []byte) bool { return marker }

// packet makes a packet of a short description: "12:A" has sequence number 12,
// "12@90:a." has timestamp 90 and the marker, "12@90:" is padding. Without a
// timestamp it is 3000 times the sequence number.
func packet(t *testing.T, description string) *rtp.Packet {
	t.Helper()
	p := &rtp.Packet{Header: rtp.Header{Version: 2}}
	place, payload, _ := strings.Cut(description, ":")
	number, timestamp, given := strings.Cut(place, "@")
	fmt.Sscan(number, &p.SequenceNumber)
	p.Timestamp = uint32(p.SequenceNumber) * 3000
	if given {
		fmt.Sscan(timestamp, &p.Timestamp)
	}
	if payload, p.Marker = strings.CutSuffix(payload, "."); payload != "" {
		p.Payload = []byte(payload)
	}
	return p
}

// popped describes all samples that a builder returns: data, timestamp, duration
// in units of a 90 kHz clock, dropped packets before.
func popped(b *SampleBuilder) []string {
	var out []string
	for s := range b.Samples() {
		line := fmt.Sprintf("%s@%d+%.0f", s.Data, s.PacketTimestamp, s.Duration.Seconds()*90000)
		if s.PrevDroppedPackets > 0 {
			line += fmt.Sprintf(" after %d", s.PrevDroppedPackets)
		}
		out = append(out, line)
	}
	return out
}

func TestSamples(t *testing.T) {
	for _, c := range []struct {
		name string
		// steps are packets, pushed one after another, "flush", or "= sample …",
		// which says what has been popped since the last time.
		steps string
	}{
		{"one frame waits for the next one's timestamp", "1@1000:A. | = | 2@4000:B. | = A@1000+3000 | flush | = B@4000+0"},
		{"frames of several packets", "1@0:A | 2@0:b | 3@0:c. | 4@3000:D | = Abc@0+3000 | 5@3000:e. | = | 6@6000:F. | = De@3000+3000"},
		{"no marker: another timestamp ends a frame", "1@0:A | 2@0:b | 3@3000:C | = Ab@0+3000"},
		{"out of order", "1@0:A. | 4@6000:D. | 3@3000:c. | = | 2@3000:B | = A@0+3000 Bc@3000+3000"},
		{"earlier than the first", "2@3000:B. | = | 1@0:A. | = A@0+3000 | 3@6000:C. | = B@3000+3000"},
		{"twice", "1@0:A. | 1@0:A. | 2@3000:B. | 1@0:A. | 2@3000:B. | 3@6000:C. | = A@0+3000 B@3000+3000"},
		{"wrap of the sequence number", "65534@0:A. | 0@6000:C. | 65535@3000:B. | 1@9000:D. | = A@0+3000 B@3000+3000 C@6000+3000"},
		{"wrap of the timestamp", "1@4294964297:A. | 2@1:B. | = A@4294964297+3000"},
		{"timestamps that go back", "1@6000:A. | 2@3000:B. | 3@9000:C. | = A@6000+0 B@3000+6000"},
		{"a lost frame", "1@0:A. | 3@6000:C. | 4@9000:D. | 5@12000:E. | 6@15000:F. | = | 7@18000:G. | = A@0+6000 C@6000+3000 after 1 D@9000+3000 E@12000+3000 F@15000+3000"},
		{"a packet lost within a frame", "1@0:A. | 2@3000:B | 4@3000:d. | 5@6000:E. | 6@9000:F. | 7@12000:G. | = A@0+3000 | 8@15000:H. | = E@6000+3000 after 3 F@9000+3000 G@12000+3000"},
		{"the first packet of a frame is lost", "1@0:A. | 3@3000:c | 4@3000:d. | 5@6000:E. | 6@9000:F. | 7@12000:G. | = A@0+3000 E@6000+3000 after 3 F@9000+3000"},
		{"what looks like a head within a frame that lacks one", "1@0:A. | 3@3000:c | 4@3000:D. | 5@6000:E. | 6@9000:F. | 7@12000:G. | = A@0+3000 E@6000+3000 after 3 F@9000+3000"},
		{"the last packet of a frame is lost", "1@0:A | 3@3000:C. | 4@6000:D. | 5@9000:E. | 6@12000:F. | 7@15000:G. | = C@3000+3000 after 2 D@6000+3000 E@9000+3000 F@12000+3000"},
		{"late, but not too late", "1@0:A. | 3@6000:C. | 4@9000:D. | 5@12000:E. | 6@15000:F. | 2@3000:B. | = A@0+3000 B@3000+3000 C@6000+3000 D@9000+3000 E@12000+3000"},
		{"too late", "1@0:A. | 3@6000:C. | 4@9000:D. | 5@12000:E. | 6@15000:F. | 7@18000:G. | = A@0+6000 C@6000+3000 after 1 D@9000+3000 E@12000+3000 F@15000+3000 | 2@3000:B. | = | 8@21000:H. | = G@18000+3000"},
		{"a stream joined within a frame", "1@0:b | 2@0:c. | 3@3000:D. | 4@6000:E. | = D@3000+3000 after 2"},
		{"padding between frames is no loss", "1@0:A. | 2@0: | 3@0: | = | 4@3000:B. | = A@0+3000 | 5@6000:C. | = B@3000+3000"},
		{"padding within a frame", "1@0:A | 2@0: | 3@0:c. | 4@3000:D. | = Ac@0+3000"},
		{"a malformed frame", "1@0:A. | 2@3000:B | 3@3000:! | 4@3000:d. | 5@6000:E. | 6@9000:F. | = A@0+3000 E@6000+3000 after 3"},
		{"flush gives up what is missing", "1@0:A. | 3@6000:C. | = | flush | = A@0+6000 C@6000+0 after 1"},
		{"flush drops a frame without end", "1@0:A. | 2@3000:B | flush | = A@0+3000 | 3@6000:C. | 4@9000:D. | = C@6000+3000 after 1"},
		{"a jump", "1@0:A. | 30000@0:X. | 30001@0:B. | 30002@3000:C. | = A@0+0 B@0+3000 after 0"},
		{"a frame of more packets than maxLate", "1@0:A | 2@0:b | 3@0:c | 4@0:d | 5@0:e | 6@0:f | 7@0:g | 8@0:h. | 9@3000:I | = Abcdefgh@0+3000"},
		{"a large gap", "1@0:A. | 2@3000:B. | 2500@6000:C. | 2501@9000:D. | = A@0+3000 B@3000+3000 | 2502@12000:E. | 2503@15000:F. | 2504@18000:G. | = C@6000+3000 after 2497 D@9000+3000 E@12000+3000 F@15000+3000"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := New(5, &letters{}, 90000)
			for _, step := range strings.Split(c.steps, " | ") {
				switch {
				case step == "flush":
					b.Flush()
				case strings.HasPrefix(step, "="):
					got := strings.Join(popped(b), " ")
					if want := strings.ReplaceAll(strings.TrimSpace(step[1:]), " after 0", ""); got != want {
						t.Fatalf("popped %q, want %q", got, want)
					}
				default:
					b.Push(packet(t, step))
				}
			}
		})
	}
}

func TestAnotherSSRCIsAnotherSequence(t *testing.T) {
	b := New(5, &letters{}, 90000)
	b.Push(packet(t, "100:A."))
	p := packet(t, "99:B.")
	p.SSRC = 7
	b.Push(p)
	p = packet(t, "100:C.")
	p.SSRC = 7
	b.Push(p)
	if got, want := popped(b), []string{"A@300000+0", "B@297000+3000"}; !slices.Equal(got, want) {
		t.Fatalf("popped %q, want %q", got, want)
	}
}

func TestMaxTimeDelay(t *testing.T) {
	// RFC 7587 §4.1: the clock rate of Opus is 48000.
	b := New(50, &codecs.OpusPacket{}, 48000, WithMaxTimeDelay(100*time.Millisecond))
	push := func(seq uint16) int {
		b.Push(&rtp.Packet{Header: rtp.Header{SequenceNumber: seq, Timestamp: uint32(seq) * 960}, Payload: []byte{byte(seq)}})
		return len(popped(b))
	}
	push(1)
	push(2)
	for seq := uint16(4); seq <= 7; seq++ {
		// The oldest packet in the buffer is 2: it waits for 3 for its duration.
		if n := push(seq); n != 0 {
			t.Fatalf("%d samples were popped %d ms after the loss", n, (seq-2)*20)
		}
	}
	if n := push(8); n != 1 {
		t.Fatalf("%d samples were popped after 120 ms, want that before the loss", n)
	}
	push(9)
	if n := push(10); n != 6 {
		t.Fatalf("%d samples were popped 120 ms after what follows the loss, want 6", n)
	}
}

func TestImmediateSamples(t *testing.T) {
	b := New(5, &letters{}, 90000, WithImmediateSamples())
	for _, step := range []struct{ packet, want string }{
		{"1@0:A", ""},
		{"2@0:b.", "Ab@0+0"},
		{"3@3000:C.", "C@3000+3000"},
		{"5@9000:E.", ""},
		{"4@6000:D.", "D@6000+3000 E@9000+3000"},
		{"6@12000:F", ""},
		{"7@15000:G.", "F@12000+3000 G@15000+3000"},
	} {
		b.Push(packet(t, step.packet))
		if got := strings.Join(popped(b), " "); got != step.want {
			t.Fatalf("after %s: popped %q, want %q", step.packet, got, step.want)
		}
	}
}

func TestHandlersAndHeaders(t *testing.T) {
	var released []uint16
	b := New(5, &letters{}, 90000, WithRTPHeaders(true),
		WithPacketHeadHandler(func(head any) any { return string(head.(*letters).last) }),
		WithPacketReleaseHandler(func(p *rtp.Packet) { released = append(released, p.SequenceNumber) }))
	first := packet(t, "1@0:A")
	if err := first.SetExtension(1, []byte{5}); err != nil {
		t.Fatal(err)
	}
	b.Push(first)
	for _, d := range []string{"2@0:b.", "2@0:b.", "3@3000:C."} {
		b.Push(packet(t, d))
	}
	s := b.Pop()
	if s == nil || s.Metadata != "A" {
		t.Fatalf("sample %+v, want metadata of its first packet", s)
	}
	if len(s.RTPHeaders) != 2 || s.RTPHeaders[0].SequenceNumber != 1 || s.RTPHeaders[0].GetExtension(1)[0] != 5 || !s.RTPHeaders[1].Marker {
		t.Fatalf("headers %+v", s.RTPHeaders)
	}
	if want := []uint16{2, 1, 2}; !slices.Equal(released, want) {
		t.Fatalf("released %v, want the duplicate, then the sample's: %v", released, want)
	}
}

func TestPushWithoutPopIsBounded(t *testing.T) {
	released := 0
	b := New(5, &letters{}, 90000, WithPacketReleaseHandler(func(*rtp.Packet) { released++ }))
	for i := range 3 * smallestLimit {
		b.Push(&rtp.Packet{Header: rtp.Header{SequenceNumber: uint16(i), Timestamp: uint32(i), Marker: true}, Payload: []byte("A")})
	}
	if want := 2 * smallestLimit; released != want {
		t.Fatalf("%d packets were released, want all but the last %d", released, smallestLimit)
	}
	if s := b.Pop(); s == nil || s.PrevDroppedPackets != 2*smallestLimit {
		t.Fatalf("sample %+v, want one after %d dropped packets", s, released)
	}
}

func TestDroppedPacketsDoNotWrap(t *testing.T) {
	b := New(5, &letters{}, 90000)
	for i := range 1 << 17 {
		b.Push(&rtp.Packet{Header: rtp.Header{SequenceNumber: uint16(i), Timestamp: uint32(i), Marker: true}, Payload: []byte("a")})
		b.Pop()
	}
	b.Push(packet(t, "0@0:A."))
	b.Push(packet(t, "1@1:B."))
	if s := b.Pop(); s == nil || s.PrevDroppedPackets != math.MaxUint16 {
		t.Fatalf("sample %+v, want one after %d dropped packets", s, math.MaxUint16)
	}
}

func TestRestartsAreBounded(t *testing.T) {
	b := New(5, &letters{}, 90000)
	for i := range uint32(10 * maxReady) {
		b.Push(&rtp.Packet{Header: rtp.Header{SSRC: i, Marker: true}, Payload: []byte("A")})
	}
	if n := len(popped(b)); n > maxReady {
		t.Fatalf("%d samples were kept, want %d at most", n, maxReady)
	}
}

func TestNilPacketAndUnknownRate(t *testing.T) {
	b := New(0, &letters{}, 0, WithMaxTimeDelay(-time.Second))
	b.Push(nil)
	b.Push(packet(t, "1:A."))
	b.Push(packet(t, "2:B."))
	if s := b.Pop(); s == nil || s.Duration != 0 {
		t.Fatalf("sample %+v, want one without duration", s)
	}
}

// TestShuffledStreamIsWhole: whatever order packets come in within maxLate, and
// however many come twice, every frame comes out, once, in order.
func TestShuffledStreamIsWhole(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 2))
	const maxLate = 64
	var stream []*rtp.Packet
	var want []string
	for seq, frame := uint16(65000), 0; frame < 2000; frame++ {
		data := ""
		for i, n := 0, 1+r.IntN(6); i < n; i++ {
			letter := "a"
			if i == 0 {
				letter = "A"
			}
			data += letter
			p := &rtp.Packet{Header: rtp.Header{SequenceNumber: seq, Timestamp: uint32(frame) * 3000, Marker: i == n-1}, Payload: []byte(letter)}
			stream = append(stream, p)
			if r.IntN(10) == 0 {
				stream = append(stream, p)
			}
			seq++
		}
		want = append(want, fmt.Sprintf("%s@%d+%d", data, uint32(frame)*3000, 3000))
	}
	want[len(want)-1] = strings.Replace(want[len(want)-1], "+3000", "+0", 1)
	for i := 1; i+maxLate/2 < len(stream); i += maxLate / 2 { // the first packet says where the stream begins
		part := stream[i : i+maxLate/2]
		r.Shuffle(len(part), func(a, b int) { part[a], part[b] = part[b], part[a] })
	}
	b := New(maxLate, &letters{}, 90000)
	var got []string
	for _, p := range stream {
		b.Push(p)
		got = append(got, popped(b)...)
	}
	b.Flush()
	got = append(got, popped(b)...)
	if !slices.Equal(got, want) {
		t.Fatalf("seed %d: %d frames came out, want %d", seed, len(got), len(want))
	}
}
