package webrtc

import (
	"errors"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtcp"

	"github.com/parleyrtc/webrtc/pkg/rtcerr"
)

// A reading is what a program reads of RTCP until there is an error.
type reading struct {
	mu      sync.Mutex // guards what follows
	packets []rtcp.Packet
	times   []time.Time
	err     error
}

func reads(read func() ([]rtcp.Packet, interceptor.Attributes, error)) *reading {
	r := &reading{}
	go func() {
		for {
			packets, _, err := read()
			r.mu.Lock()
			for _, p := range packets {
				r.packets, r.times = append(r.packets, p), append(r.times, time.Now())
			}
			r.err = err
			r.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return r
}

func (r *reading) got() []rtcp.Packet {
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]rtcp.Packet(nil), r.packets...)
}

func (r *reading) ended() error {
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

func of[P rtcp.Packet](packets []rtcp.Packet) []P {
	var out []P
	for _, p := range packets {
		if p, ok := p.(P); ok {
			out = append(out, p)
		}
	}
	return out
}

// A sender's program reads what the peer reports and asks for, a receiver's what
// the sender reports (RFC 3550 §6.4, RFC 4585 §6).
func TestVirtualRTCPIsRead(t *testing.T) {
	inCall(t, func(w *world, c *call) {
		ssrc := uint32(c.ssrc(c.a))
		atSender := reads(c.a.GetSenders()[0].ReadRTCP)
		atReceiver := reads(c.b.GetReceivers()[0].ReadRTCP)
		c.talk(100)
		c.atB.last().track.RequestKeyFrame()
		c.talk(100)
		w.net.SetDefaultPath(tenPercent)
		c.talk(300)

		blocks := 0
		var last rtcp.ReceptionReport
		for _, p := range atSender.got() {
			list := []rtcp.ReceptionReport(nil)
			switch p := p.(type) {
			case *rtcp.ReceiverReport:
				list = p.Reports
			case *rtcp.SenderReport:
				list = p.Reports
			}
			for _, b := range list {
				if b.SSRC == ssrc {
					blocks++
					last = b
				}
			}
		}
		if blocks < 3 || last.LastSequenceNumber == 0 || last.LastSenderReport == 0 || last.TotalLost == 0 {
			w.Errorf("%d reports about the stream, the last %+v; want some, with loss", blocks, last)
		}
		nacks, plis := of[*rtcp.TransportLayerNack](atSender.got()), of[*rtcp.PictureLossIndication](atSender.got())
		if len(nacks) < 5 || nacks[0].MediaSSRC != ssrc || len(plis) == 0 || plis[0].MediaSSRC != ssrc {
			w.Errorf("%d negative acknowledgements and %d requests for a key frame were read", len(nacks), len(plis))
		}
		reports := of[*rtcp.SenderReport](atReceiver.got())
		if len(reports) < 3 || reports[0].SSRC != ssrc || reports[len(reports)-1].PacketCount < 150 {
			w.Errorf("%d sender reports were read: %+v", len(reports), reports)
		}
		if d := of[*rtcp.SourceDescription](atReceiver.got()); len(d) == 0 || d[0].Chunks[0].Source != ssrc || d[0].Chunks[0].Items[0].Type != rtcp.SDESCNAME {
			w.Errorf("descriptions of the source: %+v", d)
		}
	})
}

// What a program writes arrives: at the sender that it is about, or at the receiver
// of its source.
func TestVirtualRTCPIsWritten(t *testing.T) {
	inCall(t, func(w *world, c *call) {
		c.talk(10)
		ssrcA, ssrcB := uint32(c.ssrc(c.a)), uint32(c.ssrc(c.b))
		atSender, atReceiver := reads(c.a.GetSenders()[0].ReadRTCP), reads(c.a.GetReceivers()[0].ReadRTCP)
		c.b.must(c.b.WriteRTCP([]rtcp.Packet{
			&rtcp.SliceLossIndication{MediaSSRC: ssrcA, SLI: []rtcp.SLIEntry{{First: 1, Number: 2, Picture: 3}}},
			&rtcp.ReceiverEstimatedMaximumBitrate{Bitrate: 1_000_000, SSRCs: []uint32{ssrcA}},
			&rtcp.ApplicationDefined{SSRC: ssrcB, Name: "test", Data: []byte("data")},
		}), "WriteRTCP")
		time.Sleep(100 * time.Millisecond)
		if got := of[*rtcp.SliceLossIndication](atSender.got()); len(got) != 1 || got[0].SLI[0].Picture != 3 {
			w.Errorf("lost slices: %+v", got)
		}
		if got := of[*rtcp.ReceiverEstimatedMaximumBitrate](atSender.got()); len(got) != 1 || got[0].Bitrate < 999_000 || got[0].Bitrate > 1_000_000 {
			w.Errorf("bitrates: %+v", got)
		}
		if got := of[*rtcp.ApplicationDefined](atReceiver.got()); len(got) != 1 || string(got[0].Data) != "data" {
			w.Errorf("packets of applications: %+v", got)
		}
	})
}

// A deadline ends reads that wait and those that follow, also where there is
// something to be read, until it is moved.
func TestVirtualRTCPDeadlines(t *testing.T) {
	inCall(t, func(w *world, c *call) {
		sender, receiver := c.a.GetSenders()[0], c.b.GetReceivers()[0]
		for name, r := range map[string]interface {
			SetReadDeadline(time.Time) error
			ReadRTCP() ([]rtcp.Packet, interceptor.Attributes, error)
		}{"sender": sender, "receiver": receiver} {
			begin := time.Now()
			c.a.must(r.SetReadDeadline(begin.Add(time.Second)), "SetReadDeadline")
			var err error
			for err == nil { // what has come so far
				_, _, err = r.ReadRTCP()
			}
			if !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(begin) != time.Second {
				w.Errorf("%s: a read ended after %v by %v, want the deadline of a second", name, time.Since(begin), err)
			}
			reading := reads(r.ReadRTCP)
			if err := reading.ended(); !errors.Is(err, os.ErrDeadlineExceeded) {
				w.Errorf("%s: a read behind the deadline returned %v", name, err)
			}
			c.talk(300)
			if _, _, err := r.ReadRTCP(); !errors.Is(err, os.ErrDeadlineExceeded) {
				w.Errorf("%s: a read behind the deadline returned %v though packets wait", name, err)
			}
			c.a.must(r.SetReadDeadline(time.Time{}), "SetReadDeadline")
			if packets, _, err := r.ReadRTCP(); err != nil || len(packets) == 0 {
				w.Errorf("%s: %d packets and %v without a deadline", name, len(packets), err)
			}
			// One that is moved under a read that waits.
			begin = time.Now()
			c.a.must(r.SetReadDeadline(begin.Add(time.Hour)), "SetReadDeadline")
			reading = reads(r.ReadRTCP)
			time.Sleep(time.Second)
			c.a.must(r.SetReadDeadline(time.Now()), "SetReadDeadline")
			if err := reading.ended(); !errors.Is(err, os.ErrDeadlineExceeded) {
				w.Errorf("%s: a read goes on behind the deadline: %v", name, err)
			}
			c.a.must(r.SetReadDeadline(time.Time{}), "SetReadDeadline")
		}
	})
}

// What nobody reads is bounded, and what is read then is the newest.
func TestVirtualRTCPThatNobodyReads(t *testing.T) {
	inCall(t, func(w *world, c *call) {
		ssrc := uint32(c.ssrc(c.a))
		for i := range 1000 {
			c.b.must(c.b.WriteRTCP([]rtcp.Packet{&rtcp.TransportLayerNack{MediaSSRC: ssrc, Nacks: []rtcp.NackPair{{PacketID: uint16(i)}}}}), "WriteRTCP")
		}
		time.Sleep(time.Second)
		q := c.a.GetSenders()[0].encodings[0].rtcp
		q.mu.Lock()
		n := len(q.packets)
		q.mu.Unlock()
		if n != rtcpQueueLimit {
			w.Errorf("%d packets wait, want %d", n, rtcpQueueLimit)
		}
		nacks := of[*rtcp.TransportLayerNack](reads(c.a.GetSenders()[0].ReadRTCP).got())
		if len(nacks) != rtcpQueueLimit || nacks[len(nacks)-1].Nacks[0].PacketID != 999 {
			w.Errorf("%d packets were read, the last %+v", len(nacks), nacks[len(nacks)-1])
		}
	})
}

// A peer may send what is longer than a program's buffer, and what does not parse;
// reading goes on.
func TestVirtualRTCPThatIsTooLong(t *testing.T) {
	inCall(t, func(w *world, c *call) {
		c.talk(10)
		receiver, ssrc := c.a.GetReceivers()[0], uint32(c.ssrc(c.b))
		write := func(items int) {
			d := rtcp.SourceDescriptionChunk{Source: ssrc}
			for range items {
				d.Items = append(d.Items, rtcp.SourceDescriptionItem{Type: rtcp.SDESNote, Text: strings.Repeat("x", 250)})
			}
			c.b.must(c.b.WriteRTCP([]rtcp.Packet{&rtcp.SourceDescription{Chunks: []rtcp.SourceDescriptionChunk{d}}}), "WriteRTCP")
			time.Sleep(100 * time.Millisecond)
		}
		write(2)
		var err error
		for err == nil { // short ones, such as reports, are read
			_, _, err = receiver.Read(make([]byte, 200))
		}
		if !errors.Is(err, io.ErrShortBuffer) {
			w.Errorf("a read into 200 bytes returned %v", err)
		}
		write(10)
		write(1)
		reading := reads(receiver.ReadRTCP)
		notes := 0
		for _, d := range of[*rtcp.SourceDescription](reading.got()) {
			for _, i := range d.Chunks[0].Items {
				if i.Type == rtcp.SDESNote {
					notes++
				}
			}
		}
		if err := reading.ended(); err != nil || notes == 0 {
			w.Errorf("ReadRTCP has read %d notes and returned %v", notes, err)
		}
	})
}

// Reads end once the transceiver is stopped, and when the connection is closed.
func TestVirtualRTCPEnds(t *testing.T) {
	for name, end := range map[string]func(c *call) error{
		"Stop":  func(c *call) error { return c.a.GetTransceivers()[0].Stop() },
		"Close": func(c *call) error { return c.a.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			inCall(t, func(w *world, c *call) {
				c.talk(10)
				sender, receiver := c.a.GetSenders()[0], c.a.GetReceivers()[0]
				var all []*reading
				for range 3 {
					all = append(all, reads(sender.ReadRTCP), reads(receiver.ReadRTCP))
				}
				for _, r := range all {
					if err := r.ended(); err != nil {
						w.Errorf("reading ended by %v", err)
					}
				}
				c.a.must(end(c), name)
				for _, r := range append(all, reads(sender.ReadRTCP), reads(receiver.ReadRTCP)) {
					if err := r.ended(); !errors.Is(err, io.EOF) {
						w.Errorf("reading ended by %v, want io.EOF", err)
					}
				}
			})
		})
	}
}

// With simulcast a sender's program reads by stream.
func TestVirtualRTCPOfSimulcast(t *testing.T) {
	inBroadcast(t, unchanged, func(w *world, c *broadcast) {
		together(10, 10*time.Millisecond, c.all()...)
		readers := map[string]*reading{}
		for _, rid := range []string{"q", "h", "f"} {
			readers[rid] = reads(func() ([]rtcp.Packet, interceptor.Attributes, error) { return c.sender.ReadSimulcastRTCP(rid) })
		}
		c.atB.of("h").track.RequestKeyFrame()
		time.Sleep(100 * time.Millisecond)
		for rid, r := range readers {
			want := 0
			if rid == "h" {
				want = 1
			}
			if n := len(of[*rtcp.PictureLossIndication](r.got())); n != want {
				w.Errorf("%s: %d requests for a key frame, want %d", rid, n, want)
			}
		}
		var access *rtcerr.InvalidAccessError
		if _, _, err := c.sender.ReadSimulcastRTCP("x"); !errors.As(err, &access) {
			w.Errorf("reading of no stream returned %v", err)
		}
		receiver := c.b.GetReceivers()[0]
		if _, _, err := receiver.ReadSimulcastRTCP("x"); !errors.As(err, &access) {
			w.Errorf("reading of no stream returned %v", err)
		}
		c.b.must(receiver.SetReadDeadlineSimulcast(time.Now(), "h"), "SetReadDeadlineSimulcast")
		if _, _, err := receiver.ReadSimulcastRTCP("h"); !errors.Is(err, os.ErrDeadlineExceeded) {
			w.Errorf("a read behind the deadline returned %v", err)
		}
	})
}
