package store

import (
	"encoding/binary"
	"fmt"
	"math"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

// column is one column of rows, which Postgres is sent as an array. pgx's own arrays want a list of the column's type, and look at each
// element by reflection; a webhook has some forty elements.
type column struct {
	kind kind
	rows [][]any
	i    int
}

// registerColumns lets a connection take columns for its array types, and whatever else they took.
func registerColumns(conn *pgx.Conn) {
	types := conn.TypeMap()
	for _, oid := range []uint32{pgtype.TextArrayOID, pgtype.ByteaArrayOID, pgtype.Int4ArrayOID, pgtype.Int8ArrayOID, pgtype.TimestamptzArrayOID,
		pgtype.TimestampArrayOID, pgtype.BoolArrayOID} {
		known, _ := types.TypeForOID(oid)
		codec, ok := known.Codec.(*pgtype.ArrayCodec)
		if ok {
			types.RegisterType(&pgtype.Type{Name: known.Name, OID: oid, Codec: columnCodec{codec}})
		}
	}
}

// columnCodec is a codec of an array type that takes columns, too.
type columnCodec struct{ *pgtype.ArrayCodec }

// PlanEncode plans how a value is encoded.
func (c columnCodec) PlanEncode(m *pgtype.Map, oid uint32, format int16, value any) pgtype.EncodePlan {
	if _, ok := value.(column); ok && format == pgtype.BinaryFormatCode {
		return columnPlan{c.ElementType.OID}
	}
	return c.ArrayCodec.PlanEncode(m, oid, format, value)
}

type columnPlan struct{ element uint32 }

// Encode appends the binary form of an array: dimensions, whether there may be NULLs, the type of the elements, how many they are and
// the index of the first; then each with its length, -1 for NULL. Source: array_recv in PostgreSQL's arrayfuncs.c.
func (p columnPlan) Encode(value any, buf []byte) ([]byte, error) {
	c := value.(column)
	buf = binary.BigEndian.AppendUint32(buf, 1)
	buf = binary.BigEndian.AppendUint32(buf, 1)
	buf = binary.BigEndian.AppendUint32(buf, p.element)
	buf = binary.BigEndian.AppendUint32(buf, uint32(len(c.rows)))
	buf = binary.BigEndian.AppendUint32(buf, 1)
	for _, row := range c.rows {
		length := len(buf)
		buf = binary.BigEndian.AppendUint32(buf, math.MaxUint32)
		element, null, err := appendElement(buf, c.kind, row[c.i])
		if err != nil {
			return nil, err
		}
		if !null {
			buf = element
			binary.BigEndian.PutUint32(buf[length:], uint32(len(buf)-length-4))
		}
	}
	return buf, nil
}

// appendElement appends the binary form of a value; nil is NULL, but an empty text. A pointer is what it points to.
func appendElement(buf []byte, k kind, value any) (with []byte, null bool, err error) {
	switch v := value.(type) {
	case nil:
		return buf, k != textKind, nil
	case string:
		if k == textKind {
			return append(buf, v...), false, nil
		}
	case []byte:
		if k == bytesKind {
			return append(buf, v...), v == nil, nil
		}
	case bool:
		if k == boolKind {
			if v {
				return append(buf, 1), false, nil
			}
			return append(buf, 0), false, nil
		}
	case int:
		switch {
		case k == integerKind && v == int(int32(v)):
			return binary.BigEndian.AppendUint32(buf, uint32(int32(v))), false, nil
		case k == integerKind:
			return nil, false, fmt.Errorf("%d does not fit into a column of type integer", v)
		}
	case int64:
		if k == bigintKind {
			return binary.BigEndian.AppendUint64(buf, uint64(v)), false, nil
		}
	case time.Time:
		if k == timeKind || k == plainTimeKind {
			return binary.BigEndian.AppendUint64(buf, uint64(v.UnixMicro()-postgresEpoch)), false, nil
		}
	case *int:
		if v == nil {
			return buf, true, nil
		}
		return appendElement(buf, k, *v)
	case *int64:
		if v == nil {
			return buf, true, nil
		}
		return appendElement(buf, k, *v)
	case *time.Time:
		if v == nil {
			return buf, true, nil
		}
		return appendElement(buf, k, *v)
	}
	return nil, false, fmt.Errorf("a %T does not go into a column of type %s", value, k)
}

// postgresEpoch is the beginning of the year 2000, from which Postgres counts its microseconds, in those since 1970.
const postgresEpoch = 946_684_800_000_000
