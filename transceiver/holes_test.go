package transceiver

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/parleyrtc/webrtc/internal/codec"
	"github.com/parleyrtc/webrtc/transceiver/red"
	"github.com/parleyrtc/webrtc/transceiver/rtpheader"
)

// A redSender makes audio of 20 ms a packet, which repeats some of what was sent,
// with padding in between as peers send it to probe the path.
type redSender struct {
	t        *testing.T
	sequence uint16
	time     uint32 // of the newest media, in packets
	sent     map[uint16]sentRED
}

type sentRED struct {
	f       rtpheader.Fields
	payload string
	media   uint32 // 0 for padding
	repeats []uint32
}

func (r *redSender) fields() rtpheader.Fields {
	r.sequence++
	f := audio(1, r.sequence)
	f.PayloadType, f.Timestamp = redOpus.PayloadType, r.time*960
	return f
}

// sendMedia makes a packet that repeats the media of so many before it.
func (r *redSender) sendMedia(repeats int) uint16 {
	r.time++
	p := sentRED{f: r.fields(), media: r.time}
	var blocks []red.Block
	for i := repeats; i > 0; i-- {
		if uint32(i) < r.time {
			p.repeats = append(p.repeats, r.time-uint32(i))
			blocks = append(blocks, red.Block{PayloadType: opus.PayloadType, TimestampOffset: uint16(960 * i), Payload: fmt.Appendf(nil, "%d", r.time-uint32(i))})
		}
	}
	b, err := red.Append(nil, append(blocks, red.Block{PayloadType: opus.PayloadType, Payload: fmt.Appendf(nil, "%d", r.time)}))
	if err != nil {
		r.t.Fatal(err)
	}
	p.payload = string(b)
	r.sent[r.sequence] = p
	return r.sequence
}

func (r *redSender) sendPadding() uint16 {
	r.sent[r.sequence+1] = sentRED{f: r.fields()}
	return r.sequence
}

// Letters are packets in the order they are sent in: m is media that repeats the
// packet of media before it, M the two before it, p is padding, a star behind it
// says that it is lost. Of what is lost, what an arriving packet repeats is read,
// before that packet and once.
func TestPaddingDoesNotHideWhatIsRepeated(t *testing.T) {
	for packets, want := range map[string]string{
		"m m* m":            "1 2r 3",
		"m p* m":            "1 2",
		"m m* p m":          "1 p 2r 3",
		"m m* p p p m":      "1 p p p 2r 3",
		"m m* p* p m":       "1 p 2r 3",
		"m m p* p m":        "1 2 p 3",
		"m m* p p* m":       "1 p 2r 3",
		"m p m* p* m":       "1 p 2r 3",
		"m m* p m* p M":     "1 p p 2r 3r 4",
		"m m* m* p M":       "1 p 2r 3r 4",
		"m m* m* p m":       "1 p 3r 4",
		"m m* p m* M":       "1 p 2r 3r 4",
		"m m* m* m":         "1 3r 4",
		"m m* p m p m* p m": "1 p 2r 3 p p 4r 5",
	} {
		t.Run(packets, func(t *testing.T) {
			w := newReceiveWorld(t)
			a := newEar(codec.Audio)
			w.s.SetReceivers([]Reception{audioReception(a, withCodecs(redOpus, opus, tone))})
			r := redSender{t: t, sent: map[uint16]sentRED{}}
			for _, p := range strings.Fields(packets) {
				n := uint16(0)
				switch p[0] {
				case 'm':
					n = r.sendMedia(1)
				case 'M':
					n = r.sendMedia(2)
				case 'p':
					n = r.sendPadding()
				}
				if len(p) == 1 {
					w.rtp(r.sent[n].f, r.sent[n].payload)
				}
			}
			var got []string
			for _, g := range a.got[""] {
				switch {
				case g.payload == "":
					got = append(got, "p")
				case fmt.Sprint(g.timestamp/960) != g.payload:
					t.Errorf("%+v has another packet's timestamp", g)
				case g.recovered:
					got = append(got, g.payload+"r")
				default:
					got = append(got, g.payload)
				}
			}
			if got := strings.Join(got, " "); got != want {
				t.Errorf("read %s, want %s", got, want)
			}
		})
	}
}

// Whatever is lost and late, no number is given twice, no packet is
// another's, and all that is repeated by what comes in order is there.
func TestRedundantPacketsOnAnyPath(t *testing.T) {
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 2198))
		w := newReceiveWorld(t)
		a := newEar(codec.Audio)
		w.s.SetReceivers([]Reception{audioReception(a, withCodecs(redOpus, opus, tone))})
		r := redSender{t: t, sequence: uint16(random.Uint32()), sent: map[uint16]sentRED{}}
		first := r.sendMedia(0)
		arriving := []uint16{first}
		for range 200 {
			n := r.sequence + 1
			if random.IntN(3) == 0 {
				r.sendPadding()
			} else {
				r.sendMedia(random.IntN(3))
			}
			if random.IntN(4) > 0 {
				arriving = append(arriving, n)
			}
		}
		for i := 2; i < len(arriving); i++ {
			if random.IntN(10) == 0 {
				arriving[i-1], arriving[i] = arriving[i], arriving[i-1]
			}
		}
		newest := first
		wanted := map[uint32]bool{}
		for _, n := range arriving {
			p := r.sent[n]
			w.rtp(p.f, p.payload)
			if p.media > 0 {
				wanted[p.media] = true
			}
			if int16(n-newest) > 0 {
				newest = n
				for _, repeated := range p.repeats {
					wanted[repeated] = true
				}
			}
		}
		checkRED(t, seed, a.got[""], wanted)
	}
}

func checkRED(t *testing.T, seed uint64, all []got, wanted map[uint32]bool) {
	t.Helper()
	numbers := map[uint16]bool{}
	heard := map[uint32]int{}
	for _, g := range all {
		if numbers[g.sequence] {
			t.Errorf("seed %d: number %d was read twice", seed, g.sequence)
		}
		numbers[g.sequence] = true
		if g.payload == "" {
			continue
		}
		if fmt.Sprint(g.timestamp/960) != g.payload {
			t.Errorf("seed %d: %+v has another packet's timestamp", seed, g)
		}
		heard[g.timestamp/960]++
	}
	var missing []uint32
	for media := range wanted {
		if heard[media] == 0 {
			missing = append(missing, media)
		}
	}
	if slices.Sort(missing); len(missing) > 0 {
		t.Errorf("seed %d: %v are missing", seed, missing)
	}
}
