package transceiver

import (
	"bytes"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/internal/codec"
	"github.com/parleyrtc/webrtc/transceiver/feedback"
	"github.com/parleyrtc/webrtc/transceiver/red"
	"github.com/parleyrtc/webrtc/transceiver/rtpheader"
)

var redOpus = codec.Codec{PayloadType: 63, MimeType: "audio/red", ClockRate: 48000, Channels: 2, Fmtp: "111/111"}

// redundant is a packet with earlier ones repeated.
func redundant(t *testing.T, sequence uint16, payload string, earlier ...string) (rtpheader.Fields, string) {
	t.Helper()
	f := audio(1, sequence, text(idLevel, "\x05"))
	f.PayloadType = redOpus.PayloadType
	f.Timestamp = redTimestamp(sequence)
	var blocks []red.Block
	for i, e := range earlier {
		blocks = append(blocks, red.Block{PayloadType: opus.PayloadType, TimestampOffset: uint16(960 * (len(earlier) - i)), Payload: []byte(e)})
	}
	b, err := red.Append(nil, append(blocks, red.Block{PayloadType: opus.PayloadType, Payload: []byte(payload)}))
	if err != nil {
		t.Fatal(err)
	}
	return f, string(b)
}

// redTimestamp is the timestamp of a packet; the numbers wrap in the test.
func redTimestamp(sequence uint16) uint32 { return uint32(sequence+1000) * 960 }

func TestRedundantPacketsFillGaps(t *testing.T) {
	w := newReceiveWorld(t)
	a := newEar(codec.Audio)
	w.s.SetReceivers([]Reception{audioReception(a, withCodecs(redOpus, opus, tone))})
	w.rtp(redundant(t, 65534, "65534", "never sent"))
	w.rtp(redundant(t, 65535, "65535", "65533", "65534"))
	w.rtp(redundant(t, 2, "2", "0", "1"))
	w.rtp(redundant(t, 3, "3", "1", "2"))
	w.rtp(redundant(t, 6, "6", "5")) // 4 is lost
	w.rtp(redundant(t, 4, "4", "3")) // no, late
	f := audio(1, 7)
	f.Timestamp = redTimestamp(7)
	w.rtp(f, "7")
	for _, g := range a.got[""] {
		want := g.sequence == 0 || g.sequence == 1 || g.sequence == 5
		if g.recovered != want || g.pt != opus.PayloadType || number(int(g.sequence)) != g.payload || g.timestamp != redTimestamp(g.sequence) {
			t.Errorf("%+v", g)
		}
	}
	a.want(t, "", "each packet once", "65534", "65535", "0", "1", "2", "3", "5", "6", "4", "7")
	if pt, c := a.Main().PayloadType(), a.Main().Codec(); pt != opus.PayloadType || c.MimeType != opus.MimeType {
		t.Errorf("payload type %d, codec %v", pt, c)
	}
	if s := a.Sources(w.now); len(s) != 1 || s[0].Source != 1 {
		t.Errorf("sources %+v", s)
	}
	if s := a.Stats()[0]; s.Recovered != 3 || s.Lost != 3 {
		t.Errorf("%+v", s)
	}
	f, _ = redundant(t, 8, "")
	w.rtp(f, "\xff") // no blocks at all
	w.rtp(redundant(t, 9, ""))
	a.want(t, "", "a malformed one and one that is empty", "")
}

// Padding under the payload type of redundant audio is a packet like any other
// (RFC 3550 §5.1).
func TestPaddingAmongRedundantPackets(t *testing.T) {
	w := newReceiveWorld(t)
	a := newEar(codec.Audio)
	w.s.SetReceivers([]Reception{audioReception(a, withCodecs(redOpus, opus, tone))})
	w.rtp(redundant(t, 1, "1"))
	f, _ := redundant(t, 2, "")
	w.rtp(f, "")
	w.rtp(redundant(t, 3, "3"))
	a.want(t, "", "nothing is missing", "1", "", "3")
	if s := a.Stats()[0]; s.Lost != 0 || s.Discarded != 0 {
		t.Errorf("%+v, want nothing lost or discarded", s)
	}
}

func TestKeysComeLate(t *testing.T) {
	w := earlyWorld(t)
	v := newEar(codec.Video)
	w.s.SetReceivers([]Reception{videoReception(v)})
	for i := range 100 {
		w.rtp(video(1, uint16(i)), number(i))
	}
	w.s.HandleRTP(w.now, []byte("no packet"), 0)
	if s := w.s.Stats(); s.Early != 100-maxEarly+1 {
		t.Errorf("%+v", s)
	}
	w.s.SetKeys(w.sealer, w.opener)
	if n := len(v.got[""]); n != 0 || len(v.tracks) != 1 {
		t.Errorf("%d packets were pushed by who may not block; %d tracks announced", n, len(v.tracks))
	}
	w.s.Flush(w.now)
	if n := len(v.got[""]); n != maxEarly {
		t.Errorf("%d packets", n)
	}
}

func TestPacketsThatAreRefused(t *testing.T) {
	w := newReceiveWorld(t)
	v := newEar(codec.Video)
	w.s.SetReceivers([]Reception{videoReception(v)})
	p := w.protect(video(1, 1), "x")
	again, forged := bytes.Clone(p), w.protect(video(1, 2), "x")
	forged[len(forged)-1] ^= 1
	w.s.HandleRTP(w.now, p, 0)
	w.s.HandleRTP(w.now, again, 0)
	w.s.HandleRTP(w.now, forged, 0)
	w.s.HandleRTP(w.now, nil, 0)
	w.s.HandleRTCP(w.now, []byte{0x80}, 0)
	v.want(t, "", "one was good", "x")
	if s := w.s.Stats(); s.Refused != 4 {
		t.Errorf("%+v", s)
	}
}

func TestSessionClose(t *testing.T) {
	w := newReceiveWorld(t)
	v := newEar(codec.Video)
	w.s.SetReceivers([]Reception{videoReception(v)})
	w.rtp(video(1, 1), "x")
	w.rtp(video(1, 9), "x")
	p := w.protect(video(1, 10), "y")
	w.s.Close(w.now)
	w.s.Close(w.now)
	var bye feedback.Goodbye
	if got := w.asked(feedback.KindGoodbye); len(got) != 1 || bye.Parse(got[0]) != nil {
		t.Errorf("%d goodbyes", len(got))
	}
	w.s.HandleRTP(w.now, p, 0)
	w.s.HandleTimeout(w.now.Add(time.Hour))
	w.s.Flush(w.now)
	w.s.SetReceivers([]Reception{videoReception(v)})
	w.s.SetKeys(w.sealer, w.opener)
	v.RequestKeyFrame(w.now)
	v.Receiver.Close()
	v.want(t, "", "before", "x", "x")
	if next := w.s.NextTimeout(); !next.IsZero() || len(w.rtcp) != 0 || v.Stats() != nil {
		t.Errorf("a closed session is due at %v; %d packets", next, len(w.rtcp))
	}
}

// TestSessionFromManyGoroutines has everything called at once, for the race
// detector.
func TestSessionFromManyGoroutines(t *testing.T) {
	w := newReceiveWorld(t)
	w.s.cfg.Wake = func() {} // the world counts on one goroutine
	v, a := newEar(codec.Video), newEar(codec.Audio)
	unread := NewReceiver(codec.Video, ReceiverConfig{})
	table := []Reception{videoReception(v), audioReception(a), {unread, ReceiveParameters{Mid: "u", Codecs: []codec.Codec{vp8}, Extensions: allExtensions, Receiving: true}}}
	w.s.cfg.Send = func([][]byte) error { return nil }
	w.s.SetReceivers(table)
	var packets [4][][]byte
	for g := range packets {
		for i := range 500 {
			f := video(uint32(g+1), uint16(i*2), text(idMID, "v"))
			switch {
			case g == 1:
				f = audio(uint32(g+1), uint16(i))
			case g == 2:
				f = video(uint32(g+1), uint16(i), text(idMID, "u"))
			}
			packets[g] = append(packets[g], w.protect(f, "x"))
		}
	}
	var wg, readers sync.WaitGroup
	for _, ps := range packets {
		wg.Go(func() {
			for i, p := range ps {
				w.s.HandleRTP(w.now.Add(time.Duration(i)*ms), p, 0)
				if i%8 == 0 {
					w.s.Flush(w.now.Add(time.Duration(i) * ms))
				}
			}
		})
	}
	wg.Go(func() {
		for i := range 300 {
			w.s.HandleTimeout(w.now.Add(time.Duration(i) * 2 * ms))
			w.s.NextTimeout()
			if i%30 == 0 {
				w.s.SetReceivers(table)
			}
		}
	})
	wg.Go(func() {
		for i := range 300 {
			v.RequestKeyFrame(w.now)
			v.Stats()
			a.Sources(w.now)
			unread.Main().Stats()
			unread.Main().SetOrdered(time.Duration(i%3) * ms)
			unread.Main().SetReadDeadline(time.Now().Add(time.Minute))
			w.s.Stats()
			_ = w.s.SendREMB(w.now, 1e6)
		}
	})
	readers.Go(func() {
		buf := make([]byte, 1500)
		for {
			if _, _, err := unread.Main().Read(buf); err != nil {
				return
			}
		}
	})
	wg.Wait()
	unread.Close()
	readers.Wait()
	w.s.Close(w.now)
}

// FuzzSession gives a session what an authenticated peer may send.
func FuzzSession(f *testing.F) {
	seal := func(fields rtpheader.Fields, payload string) []byte {
		b, _ := rtpheader.Append(nil, &fields)
		return append(b, payload...)
	}
	join := func(packets ...[]byte) (out []byte) {
		for _, p := range packets {
			out = append(out, byte(len(p)>>8), byte(len(p)))
			out = append(out, p...)
		}
		return out
	}
	rtxFields, rtxPayload := again(2, 1, 9, "x")
	f.Add(join(seal(video(1, 1, text(idMID, "v"), text(idRID, "h")), "x"), seal(video(1, 9), "y"), seal(rtxFields, rtxPayload)))
	f.Add(join(seal(audio(3, 1), "x"), seal(rtpheader.Fields{PayloadType: 63, SSRC: 3, SequenceNumber: 3, Timestamp: 2000}, "\xef\x0f\x00\x01\x6fab")))
	f.Add(join((&feedback.Goodbye{Sources: []uint32{1}}).Append((&feedback.SenderReport{SSRC: 1, NTP: 1 << 40}).Append(nil))))
	f.Add(join((&feedback.ExtendedReport{Sender: 1, ReferenceTime: 1 << 40, Delays: []feedback.ReceiverDelay{{SSRC: 1}}}).Append(nil)))
	d := feedback.Description{Items: []feedback.Item{{SSRC: 1, Type: feedback.ItemMID, Text: []byte("v")}}}
	f.Add(join(d.Append(nil), seal(video(1, 3), "x")))
	f.Fuzz(func(t *testing.T, data []byte) {
		s := NewSession(SessionConfig{Rand: func() uint32 { return 4 }})
		v, a := newEar(codec.Video), newEar(codec.Audio)
		table := []Reception{
			videoReception(v, withRIDs("h", "l"), withSources(Source{SSRC: 7, RTX: 8})),
			audioReception(a, withCodecs(redOpus, opus, tone)),
		}
		s.SetReceivers(table)
		now := sendEpoch
		for n := 0; len(data) >= 2; n++ {
			size := min(int(data[0])<<8|int(data[1]), len(data)-2)
			b := bytes.Clone(data[2 : 2+size])
			data = data[2+size:]
			now = now.Add(7 * ms)
			s.handleOpened(b, PacketInfo{Arrival: now}, size > 1 && 192 <= b[1] && b[1] <= 223)
			switch n % 16 {
			case 5:
				s.HandleTimeout(now)
			case 9:
				s.SetReceivers(table[:1])
			case 10:
				s.SetReceivers(table)
			case 14:
				s.Flush(now)
			}
		}
		s.HandleTimeout(now.Add(time.Second))
		if st := s.Stats(); st.Parked > maxParked || len(s.ring) != len(s.streams) {
			t.Errorf("%+v, %d in the ring", st, len(s.ring))
		}
		s.Close(now)
	})
}

// handleOpened is handle for a packet that needs no decryption.
func (s *Session) handleOpened(b []byte, info PacketInfo, rtcp bool) {
	d := deliveries.Get().(*delivery)
	s.in.Lock()
	if rtcp {
		s.control(d, b, info.Arrival)
	} else {
		s.receive(d, b, info, false)
	}
	s.settle(d)
	s.in.Unlock()
	s.finish(d, info.Arrival, true, b, rtcp)
}

// steady prepares a session with an audio and a video stream that has run for a
// while, and returns a function that makes more packets of its video, protected,
// every lossy-th left out if that is not 0.
func steady(tb testing.TB, read bool) (w *receiveWorld, v *Receiver, next func() []byte) {
	w = newReceiveWorld(tb)
	count := 0
	v = NewReceiver(codec.Video, ReceiverConfig{})
	if read {
		v.Main().OnPacket(func(p *Packet) { count += len(p.Payload) })
	}
	c := vp8
	c.Feedback = append([]codec.Feedback{{Type: "transport-cc"}}, vp8.Feedback...)
	w.s.SetReceivers([]Reception{{v, ReceiveParameters{Mid: "v", Codecs: []codec.Codec{c, rtx}, Extensions: allExtensions, Receiving: true}}})
	w.s.cfg.Send = func([][]byte) error { return nil }
	payload := string(make([]byte, 1100))
	n := uint16(0)
	f := video(1, 0, text(idMID, "v"), text(idTransport, "\x00\x00"))
	buf := make([]byte, 0, 1500)
	next = func() []byte {
		n++
		f.SequenceNumber, f.Timestamp = n, uint32(n/10)*3000
		f.Elements[1].Data = append(f.Elements[1].Data[:0], byte(n>>8), byte(n))
		b, _ := rtpheader.Append(buf[:0], &f)
		b, err := w.seal.SealRTP(append(b, payload...))
		if err != nil {
			tb.Fatal(err)
		}
		w.now = w.now.Add(ms)
		return b
	}
	for range 2000 {
		w.s.HandleRTP(w.now, next(), 0)
		w.s.Flush(w.now)
	}
	return w, v, next
}

func TestReceivingDoesNotAllocate(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector makes pools forget")
	}
	w, _, next := steady(t, true)
	if n := testing.AllocsPerRun(1000, func() {
		w.s.HandleRTP(w.now, next(), 0)
		w.s.Flush(w.now)
	}); n != 0 {
		t.Errorf("%v allocations for a packet to a handler", n)
	}
	w, v, next := steady(t, false)
	buf := make([]byte, 1500)
	var p Packet
	if n := testing.AllocsPerRun(1000, func() {
		w.s.HandleRTP(w.now, next(), 0)
		if err := v.Main().ReadPacket(buf, &p); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations for a packet through the queue", n)
	}
}

func BenchmarkReceivePush(b *testing.B) {
	w, _, next := steady(b, true)
	benchmarkReceive(b, w, next, func() {})
}

func BenchmarkReceiveRead(b *testing.B) {
	w, v, next := steady(b, false)
	buf := make([]byte, 1500)
	var p Packet
	benchmarkReceive(b, w, next, func() {
		if err := v.Main().ReadPacket(buf, &p); err != nil {
			b.Fatal(err)
		}
	})
}

// benchmarkReceive measures packets from their protected bytes on. Making these is
// not measured.
func benchmarkReceive(b *testing.B, w *receiveWorld, next func() []byte, read func()) {
	b.ReportAllocs()
	b.SetBytes(1100)
	const batch = 64
	packets := make([][]byte, batch)
	for i := 0; i < b.N; i += batch {
		b.StopTimer()
		for j := range packets {
			packets[j] = append(packets[j][:0], next()...)
		}
		b.StartTimer()
		for _, p := range packets {
			w.s.HandleRTP(w.now, p, 0)
			read()
		}
		w.s.Flush(w.now)
	}
}

// BenchmarkReceiveLossy has one packet of ten come as a retransmission.
func BenchmarkReceiveLossy(b *testing.B) {
	b.ReportAllocs()
	w := newReceiveWorld(b)
	v := NewReceiver(codec.Video, ReceiverConfig{})
	v.Main().OnPacket(func(*Packet) {})
	w.s.SetReceivers([]Reception{{v, ReceiveParameters{Mid: "v", Codecs: []codec.Codec{vp8, rtx}, Extensions: allExtensions, Receiving: true}}})
	w.s.cfg.Send = func([][]byte) error { return nil }
	payload := string(make([]byte, 1100))
	rng := rand.New(rand.NewPCG(1, 1))
	var rtxSequence uint16
	n := uint16(0)
	var lost []uint16
	for b.Loop() {
		b.StopTimer()
		n++
		var packets [][]byte
		if rng.IntN(10) == 0 {
			lost = append(lost, n)
		} else {
			packets = append(packets, w.protect(video(1, n), payload))
		}
		if len(lost) > 0 && n-lost[0] > 100 {
			rtxSequence++
			packets = append(packets, w.protect(again(2, rtxSequence, lost[0], payload)))
			lost = lost[1:]
		}
		b.StartTimer()
		w.now = w.now.Add(ms)
		for _, p := range packets {
			w.s.HandleRTP(w.now, p, 0)
		}
		w.s.Flush(w.now)
	}
}
