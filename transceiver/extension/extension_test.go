package extension

import (
	"bytes"
	"math"
	"testing"
	"time"

	"github.com/pion/rtp"
)

func TestText(t *testing.T) {
	for _, s := range []string{"0", "audio", "hi_2", "a-b", "~", "0123456789abcdefghijklmnopqrstuvwxyz"} {
		if got, err := ParseText([]byte(s)); err != nil || string(got) != s {
			t.Errorf("%q: %q, %v", s, got, err)
		}
	}
	for _, s := range []string{"", " ", "a b", "a\x00", "é", "a\"", "(", "a/b", "a:b", "\x7f"} {
		if got, err := ParseText([]byte(s)); err != ErrMalformed || got != nil {
			t.Errorf("%q: %q, %v", s, got, err)
		}
	}
}

func TestTransportCC(t *testing.T) {
	data := AppendTransportCC(nil, 0xABCD)
	var other rtp.TransportCCExtension
	if err := other.Unmarshal(data); err != nil || other.TransportSequence != 0xABCD {
		t.Errorf("pion/rtp reads %+v, %v", other, err)
	}
	if seq, err := ParseTransportCC(data); err != nil || seq != 0xABCD {
		t.Errorf("%x, %v", seq, err)
	}
	if r, err := ParseFeedbackRequest(data); err != nil || r != (FeedbackRequest{}) {
		t.Errorf("a request out of nothing: %+v, %v", r, err)
	}
	want := FeedbackRequest{Timing: true, Count: 32767}
	data = AppendTransportCC2(nil, 1, want)
	if !bytes.Equal(data, []byte{0, 1, 0xff, 0xff}) {
		t.Errorf("%x", data)
	}
	if r, err := ParseFeedbackRequest(data); err != nil || r != want {
		t.Errorf("%+v, %v", r, err)
	}
	if seq, err := ParseTransportCC(data); err != nil || seq != 1 {
		t.Errorf("%x, %v", seq, err)
	}
	for _, n := range []int{0, 1, 3, 5} {
		if _, err := ParseTransportCC(make([]byte, n)); err != ErrMalformed {
			t.Errorf("%d bytes: %v", n, err)
		}
		if _, err := ParseFeedbackRequest(make([]byte, n)); err != ErrMalformed {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

func TestSendTime(t *testing.T) {
	for _, at := range []time.Time{
		time.Date(2026, 7, 4, 12, 0, 0, 0, time.UTC),
		time.Date(2026, 7, 4, 12, 0, 31, 999999999, time.UTC),
		time.Date(2026, 7, 4, 12, 1, 3, 123456789, time.UTC),
		time.Date(1969, 12, 31, 23, 59, 59, 500000000, time.UTC),
	} {
		s := SendTimeAt(at)
		data := s.Append(nil)
		if want, err := rtp.NewAbsSendTimeExtension(at).Marshal(); err != nil || at.Unix() > 0 && !bytes.Equal(data, want) {
			t.Errorf("%v: %x, pion/rtp writes %x", at, data, want)
		}
		got, err := ParseSendTime(data)
		if err != nil || got != s {
			t.Errorf("%v: %x became %x, %v", at, s, got, err)
		}
		// The nearest instant, from up to half a period away.
		for _, away := range []time.Duration{0, time.Second, -time.Second, 31 * time.Second, -31 * time.Second} {
			if d := got.Near(at.Add(away)).Sub(at); d > 0 || d < -4*time.Microsecond {
				t.Errorf("%v, seen from %v away: off by %v", at, away, d)
			}
		}
		if d := got.Near(at.Add(40 * time.Second)).Sub(at); d < 63*time.Second || d > 65*time.Second {
			t.Errorf("%v, seen from 40 s away: off by %v", at, d)
		}
	}
	if _, err := ParseSendTime([]byte{1, 2}); err != ErrMalformed {
		t.Error(err)
	}
}

func TestLevel(t *testing.T) {
	for _, want := range []Level{{}, {Level: 127}, {Level: 12, Voice: true}} {
		data := want.Append(nil)
		var other rtp.AudioLevelExtension
		if err := other.Unmarshal(data); err != nil || other.Level != want.Level || other.Voice != want.Voice {
			t.Errorf("%+v: pion/rtp reads %+v, %v", want, other, err)
		}
		if got, err := ParseLevel(data); err != nil || got != want {
			t.Errorf("%+v, want %+v: %v", got, want, err)
		}
	}
	if got, err := ParseLevel([]byte{0x85, 0}); err != nil || got != (Level{5, true}) {
		t.Errorf("with padding: %+v, %v", got, err)
	}
	if got := (Level{Level: 200}).Append(nil); got[0] != 127 {
		t.Errorf("below silence: %x", got)
	}
	for _, n := range []int{0, 3} {
		if _, err := ParseLevel(make([]byte, n)); err != ErrMalformed {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

func TestMixerLevels(t *testing.T) {
	data := AppendMixerLevels(nil, []uint8{1, 127, 200})
	if !bytes.Equal(data, []byte{1, 127, 127}) {
		t.Errorf("%x", data)
	}
	data[0] |= 0x80 // reserved
	if l, ok := MixerLevel(data, 0); !ok || l != 1 {
		t.Errorf("%d, %v", l, ok)
	}
	for _, i := range []int{-1, 3} {
		if _, ok := MixerLevel(data, i); ok {
			t.Errorf("source %d has a level", i)
		}
	}
}

func TestOrientation(t *testing.T) {
	for b := range uint8(16) {
		o, err := ParseOrientation([]byte{0xf0 | b}) // the upper bits are reserved
		if err != nil || o.Append(nil)[0] != b {
			t.Errorf("%x became %+v, %v", b, o, err)
		}
	}
	if o, _ := ParseOrientation([]byte{0x0D}); o != (Orientation{Back: true, Flipped: true, Rotation: 1}) {
		t.Errorf("%+v", o)
	}
	if _, err := ParseOrientation(nil); err != ErrMalformed {
		t.Error(err)
	}
}

func TestDelay(t *testing.T) {
	for _, c := range []struct{ in, out Delay }{
		{Delay{}, Delay{}},
		{Delay{10 * time.Millisecond, 25 * time.Millisecond}, Delay{10 * time.Millisecond, 20 * time.Millisecond}},
		{Delay{400 * time.Millisecond, time.Minute}, Delay{400 * time.Millisecond, 40950 * time.Millisecond}},
		{Delay{-time.Second, 40950 * time.Millisecond}, Delay{0, 40950 * time.Millisecond}},
	} {
		data := c.in.Append(nil)
		if got, err := ParseDelay(data); err != nil || got != c.out {
			t.Errorf("%+v became %+v, %v", c.in, got, err)
		}
		var other rtp.PlayoutDelayExtension
		if err := other.Unmarshal(data); err != nil || time.Duration(other.MinDelay)*10*time.Millisecond != c.out.Min || time.Duration(other.MaxDelay)*10*time.Millisecond != c.out.Max {
			t.Errorf("%+v: pion/rtp reads %+v, %v", c.in, other, err)
		}
	}
	if _, err := ParseDelay([]byte{1, 2, 3, 4}); err != ErrMalformed {
		t.Error(err)
	}
}

func TestCaptureTime(t *testing.T) {
	at := time.Date(2026, 7, 4, 12, 0, 0, 250_000_000, time.UTC)
	other := rtp.NewAbsCaptureTimeExtensionWithCaptureClockOffset(at, -1500*time.Millisecond)
	data, err := other.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	got, err := ParseCaptureTime(data)
	if err != nil || !got.HasOffset || got.Captured != other.Timestamp || OffsetDuration(got.Offset) != -1500*time.Millisecond {
		t.Errorf("%+v, %v", got, err)
	}
	if again := got.Append(nil); !bytes.Equal(again, data) {
		t.Errorf("%x became %x", data, again)
	}
	if short, err := ParseCaptureTime(data[:8]); err != nil || short.HasOffset || short.Captured != got.Captured || len(short.Append(nil)) != 8 {
		t.Errorf("%+v, %v", short, err)
	}
	for _, n := range []int{0, 7, 9, 15, 17} {
		if _, err := ParseCaptureTime(make([]byte, n)); err != ErrMalformed {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
	for _, d := range []time.Duration{0, 1, -1, time.Second, -time.Second, 123456789 * time.Second / 1000, -999999999, math.MaxInt32 * time.Second, math.MinInt32 * time.Second} {
		if got := OffsetDuration(ClockOffset(d)); got != d {
			t.Errorf("%v became %v", d, got)
		}
	}
}
