package extension

import "time"

// Orientation is the data of [VideoOrientation].
type Orientation struct {
	// Back says that the camera is on the device's back.
	Back bool
	// Flipped says that the picture is mirrored, left for right.
	Flipped bool
	// Rotation is by how many quarters the receiver has to turn the picture,
	// clockwise: 0 to 3.
	Rotation uint8
}

// Append appends the data of [VideoOrientation].
func (o Orientation) Append(dst []byte) []byte {
	b := o.Rotation & 3
	if o.Back {
		b |= 8
	}
	if o.Flipped {
		b |= 4
	}
	return append(dst, b)
}

// ParseOrientation reads the data of [VideoOrientation].
func ParseOrientation(data []byte) (Orientation, error) {
	if len(data) != 1 {
		return Orientation{}, ErrMalformed
	}
	return Orientation{Back: data[0]&8 != 0, Flipped: data[0]&4 != 0, Rotation: data[0] & 3}, nil
}

// Delay is the data of [PlayoutDelay]: between capture and showing there should
// pass at least Min and at most Max. Both are in steps of 10 ms up to 40.95
// seconds; 0 and 0 ask to show pictures at once.
type Delay struct {
	Min, Max time.Duration
}

const (
	delaySize = 3
	delayUnit = 10 * time.Millisecond
	maxDelay  = 1<<12 - 1
)

// Append appends the data of [PlayoutDelay]. Delays are rounded down to what it
// can say.
func (d Delay) Append(dst []byte) []byte {
	low, high := delayUnits(d.Min), delayUnits(d.Max)
	return append(dst, uint8(low>>4), uint8(low<<4|high>>8), uint8(high))
}

func delayUnits(d time.Duration) uint16 {
	return uint16(max(0, min(d/delayUnit, maxDelay)))
}

// ParseDelay reads the data of [PlayoutDelay]. Max may be less than Min: the
// pair says nothing then.
func ParseDelay(data []byte) (Delay, error) {
	if len(data) != delaySize {
		return Delay{}, ErrMalformed
	}
	return Delay{
		Min: (time.Duration(data[0])<<4 | time.Duration(data[1])>>4) * delayUnit,
		Max: (time.Duration(data[1]&15)<<8 | time.Duration(data[2])) * delayUnit,
	}, nil
}
