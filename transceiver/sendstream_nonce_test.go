package transceiver

import (
	"bytes"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtp"

	"github.com/parleyrtc/webrtc/internal/codec"
	"github.com/parleyrtc/webrtc/internal/srtptransport"
)

// RFC 7714 §8.4: whatever is written, alone and in bursts, asked for again, replaced
// and set anew, also under other SSRCs, no sequence number of a source leaves with
// two contents under the same keys.
func TestNoNonceIsUsedTwice(t *testing.T) {
	seeds := uint64(4)
	if raceDetector || testing.Short() {
		seeds = 1
	}
	for seed := range seeds {
		r := rand.New(rand.NewPCG(seed, 1))
		w := newSendWorld(t)
		packets := map[[6]byte][]byte{}
		sent, again := 0, 0
		w.s.cfg.Send = func(all [][]byte) error {
			for _, p := range all {
				if 192 <= p[1] && p[1] <= 223 {
					continue
				}
				key := [6]byte(append(bytes.Clone(p[8:12]), p[2:4]...))
				switch _, err := w.open.OpenRTP(bytes.Clone(p)); {
				case err == nil: // an index that is new
					packets[key] = bytes.Clone(p)
					sent++
				case err == srtptransport.ErrReplayed && bytes.Equal(packets[key], p):
					again++
				default:
					t.Fatalf("seed %d: %x was sent as %x and as %x: %v", seed, key, packets[key], p, err)
				}
			}
			return nil
		}
		c := videoConfig()
		c.Extensions = allExtensions
		st := w.s.NewSendStream(c, SendEvents{})
		sequence, timestamp := uint16(r.Uint32()), r.Uint32()
		rekeyed := 0
		for range 100000 {
			w.after(time.Duration(r.IntN(2000)) * time.Microsecond)
			h := rtpHeaderOf(96, sequence, timestamp)
			switch k := r.IntN(10000); {
			case k < 5:
				rekeyed++
				w.rekey(byte(rekeyed))
				clear(packets)
				continue
			case k < 15:
				c.SSRC, c.RTXSSRC = videoSSRC+uint32(r.IntN(3)), videoRTX+uint32(r.IntN(2))
				st.Configure(c)
				continue
			case k < 500:
				writeAnyBurst(w, st, r, &sequence, timestamp)
				continue
			case k < 1000:
				h.SequenceNumber -= uint16(r.IntN(300)) // late, or sent before
			case k < 3000:
				sequences := make([]uint16, 1+r.IntN(5))
				for i := range sequences {
					sequences[i] = uint16(st.numbers.out) - uint16(r.IntN(100))
				}
				w.nack(sequences...)
				continue
			case k < 3020:
				st.Rebase()
				sequence, timestamp = uint16(r.Uint32()), r.Uint32()
				continue
			case k < 3040:
				// With and without RTX: a packet may be kept in either way.
				c.Codecs = []codec.Codec{vp8, rtx}[:1+r.IntN(2)]
				st.Configure(c)
				continue
			case k < 3060:
				sequence += uint16(r.IntN(30000)) // a gap
			default:
				sequence++
				timestamp++
				h.SequenceNumber, h.Timestamp = sequence, timestamp
			}
			_, _ = st.WriteRTP(w.now, h, []byte{byte(r.Uint32()), byte(r.Uint32())})
		}
		if sent < 50000 || again < 1000 || st.numbers.out < 3*numberBase {
			t.Errorf("seed %d: only %d packets, %d of them again, up to %d", seed, sent, again, st.numbers.out)
		}
		if rekeyed < 10 {
			t.Errorf("seed %d: keys were new only %d times", seed, rekeyed)
		}
	}
}

// writeAnyBurst writes the next packets of a source in a burst, with some that come
// twice, are late, or leave a gap.
func writeAnyBurst(w *sendWorld, st *SendStream, r *rand.Rand, sequence *uint16, timestamp uint32) {
	var headers []rtp.Header
	var payloads []*Payload
	for range 1 + r.IntN(2*maxBurst) {
		h := rtpHeaderOf(96, *sequence, timestamp)
		switch r.IntN(20) {
		case 0:
			h.SequenceNumber -= uint16(r.IntN(300))
		case 1:
			*sequence += uint16(r.IntN(3))
			fallthrough
		default:
			*sequence++
			h.SequenceNumber = *sequence
		}
		p := NewPayload([]byte{byte(r.Uint32()), byte(r.Uint32())})
		defer p.Release()
		headers, payloads = append(headers, *h), append(payloads, p)
	}
	_ = st.WriteBurst(w.now, headers, payloads)
}

// Packets that several goroutines write, alone and in bursts, that are asked for
// meanwhile, and that cross a change of the source's keys have one content each.
func TestConcurrentWritersUseNoNonceTwice(t *testing.T) {
	w := newSendWorld(t)
	var mu sync.Mutex // guards sent
	sent := map[string]string{}
	w.s.cfg.Send = func(all [][]byte) error {
		mu.Lock()
		defer mu.Unlock()
		for _, p := range all {
			if 192 <= p[1] && p[1] <= 223 {
				continue
			}
			key := string(p[8:12]) + string(p[2:4])
			if was, again := sent[key]; again && was != string(p) {
				t.Errorf("%x was sent with two contents", key)
			}
			sent[key] = string(p)
		}
		return nil
	}
	st := w.s.NewSendStream(videoConfig(), SendEvents{})
	var group sync.WaitGroup
	for i := range 4 {
		group.Go(func() {
			r := rand.New(rand.NewPCG(uint64(i), 5))
			sequence := uint16(1000)
			for range 300 {
				switch r.IntN(4) {
				case 0:
					_, _ = st.WriteRTP(w.now, rtpHeaderOf(96, sequence, 0), []byte{byte(r.Uint32()), byte(i)})
					sequence++
				case 1:
					st.NewWriter()
				case 2:
					st.resend(w.now, []uint16{sequence - 1, sequence - 2, sequence + 1}, 0)
				default:
					writeAnyBurst(w, st, r, &sequence, 0)
				}
			}
		})
	}
	group.Wait()
	if len(sent) < 5000 {
		t.Errorf("only %d packets were sent", len(sent))
	}
}
