# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
"""組込み符号(機械語): the readers and writers of `schemas.compiled`, the same bytes and the same refusals, as C.

`schemas.compiled` is the reference, and what runs where no C compiler is found; `schemas.bodies` chooses.
Both are held to fastavro by the same tests. A schema becomes a tree of kinds; a kind writes a value into a
buffer and reads one from bytes that it never leaves.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_Check, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.datetime cimport PyDate_CheckExact, date, import_datetime
from cpython.mem cimport PyMem_Free, PyMem_Malloc, PyMem_Realloc
from cpython.object cimport PyObject, PyTypeObject
from cpython.ref cimport Py_INCREF
from cpython.tuple cimport PyTuple_Check, PyTuple_GET_ITEM, PyTuple_GET_SIZE
from cpython.unicode cimport PyUnicode_AsUTF8String, PyUnicode_Check, PyUnicode_DecodeUTF8
from libc.stdint cimport int64_t, uint64_t
from libc.string cimport memcpy

from types import MappingProxyType

cdef extern from "Python.h":
    bint PyUnicode_IS_COMPACT_ASCII(object text)
    Py_ssize_t PyUnicode_GET_LENGTH(object text)
    void* PyUnicode_DATA(object text)
    void PyTuple_SET_ITEM(PyObject* made, Py_ssize_t at, object item)
    void PyObject_GC_UnTrack(PyObject* made)
    void Py_DECREF(PyObject* made)
    long long PyLong_AsLongLongAndOverflow(object number, int* overflow) except? -1
    bint PyLong_CheckExact(object number)

cdef extern from *:
    """
    static PyObject* object_of(PyTypeObject* cls, Py_ssize_t items) { return cls->tp_alloc(cls, items); }
    static int year_of(PyObject* day) { return PyDateTime_GET_YEAR(day); }
    static int month_of(PyObject* day) { return PyDateTime_GET_MONTH(day); }
    static int day_of(PyObject* day) { return PyDateTime_GET_DAY(day); }
    """
    PyObject* object_of(PyTypeObject* cls, Py_ssize_t items) except NULL
    int year_of(object day)
    int month_of(object day)
    int day_of(object day)

import_datetime()

EMPTY = MappingProxyType({})
DEF FIRST_DAY = -36524  # 1870-01-01
DEF DAYS = 84370  # to 2100-12-31
cdef list _days = [None] * DAYS
cdef int64_t INT_MAX = 2147483647
cdef int64_t FIRST_ORDINAL = 719163  # date(1970, 1, 1).toordinal()


# -- bytes out -------------------------------------------------------------------------------------

cdef struct Out:
    unsigned char* data
    Py_ssize_t size
    Py_ssize_t room


cdef int grow(Out* out, Py_ssize_t more) except -1:
    cdef Py_ssize_t room = out.room * 2
    while room < out.size + more:
        room *= 2
    cdef unsigned char* data = <unsigned char*> PyMem_Realloc(out.data, room)
    if data == NULL:
        raise MemoryError()
    out.data, out.room = data, room
    return 0


cdef inline int put(Out* out, const void* data, Py_ssize_t size) except -1:
    if out.size + size > out.room:
        grow(out, size)
    memcpy(out.data + out.size, data, size)
    out.size += size
    return 0


cdef inline int put_byte(Out* out, unsigned char byte) except -1:
    if out.size + 1 > out.room:
        grow(out, 1)
    out.data[out.size] = byte
    out.size += 1
    return 0


cdef inline int put_number(Out* out, int64_t number) except -1:
    cdef uint64_t left = (<uint64_t> number << 1) ^ <uint64_t> (number >> 63)
    if out.size + 10 > out.room:
        grow(out, 10)
    while left > 127:
        out.data[out.size] = <unsigned char> (left & 127 | 128)
        out.size += 1
        left >>= 7
    out.data[out.size] = <unsigned char> left
    out.size += 1
    return 0


cdef inline int put_text(Out* out, object text) except -1:
    cdef Py_ssize_t size
    if not PyUnicode_Check(text):
        raise TypeError(f"expected a string, found {type(text).__name__}")
    if PyUnicode_IS_COMPACT_ASCII(text):
        size = PyUnicode_GET_LENGTH(text)
        put_number(out, size)
        return put(out, PyUnicode_DATA(text), size)
    body = PyUnicode_AsUTF8String(text)
    put_number(out, PyBytes_GET_SIZE(body))
    return put(out, PyBytes_AS_STRING(body), PyBytes_GET_SIZE(body))


# -- bytes in --------------------------------------------------------------------------------------

cdef struct In:
    const unsigned char* data
    Py_ssize_t at
    Py_ssize_t end


cdef inline uint64_t take_unsigned(In* data) except? 0xFFFFFFFFFFFFFFFF:
    cdef uint64_t value = 0
    cdef int shift = 0
    cdef unsigned char byte
    while True:
        if data.at >= data.end:
            raise IndexError("the data end within a number")
        byte = data.data[data.at]
        data.at += 1
        if shift == 63 and byte > 1:
            raise ValueError("a number beyond its type")
        value |= <uint64_t> (byte & 127) << shift
        if byte < 128:
            return value
        shift += 7


cdef inline int64_t take_number(In* data) except? -1:
    cdef uint64_t value = take_unsigned(data)
    return <int64_t> (value >> 1) ^ -<int64_t> (value & 1)


cdef inline Py_ssize_t take_length(In* data) except -1:
    cdef int64_t length = take_number(data)
    if length < 0 or length > data.end - data.at:
        raise ValueError("a length beyond the data")
    return <Py_ssize_t> length


cdef inline object take_text(In* data):
    cdef Py_ssize_t length = take_length(data), begin = data.at
    data.at += length
    return PyUnicode_DecodeUTF8(<const char*> data.data + begin, length, NULL)


cdef inline int64_t take_count(In* data) except -1:
    """How many items the next block has; 0 after the last."""
    cdef int64_t count = take_number(data)
    if count < 0:  # a negative count is followed by the block's size in bytes
        take_number(data)
        count = -count
    if count < 0 or count > data.end - data.at:
        raise ValueError("more items than bytes")
    return count


# -- kinds -----------------------------------------------------------------------------------------

cdef class Kind:
    cdef int write(self, Out* out, object value) except -1:
        raise NotImplementedError

    cdef object read(self, In* data):
        raise NotImplementedError


cdef class Text(Kind):
    cdef int write(self, Out* out, object value) except -1:
        return put_text(out, value)

    cdef object read(self, In* data):
        return take_text(data)


cdef class Bytes(Kind):
    cdef int write(self, Out* out, object value) except -1:
        if not PyBytes_Check(value):
            raise TypeError(f"expected bytes, found {type(value).__name__}")
        put_number(out, PyBytes_GET_SIZE(value))
        return put(out, PyBytes_AS_STRING(value), PyBytes_GET_SIZE(value))

    cdef object read(self, In* data):
        cdef Py_ssize_t length = take_length(data), begin = data.at
        data.at += length
        return PyBytes_FromStringAndSize(<const char*> data.data + begin, length)


cdef class Number(Kind):
    cdef bint is_int

    def __init__(self, bint is_int):
        self.is_int = is_int

    cdef int write(self, Out* out, object value) except -1:
        cdef int overflow = 0
        cdef int64_t number
        if not PyLong_CheckExact(value):
            raise TypeError(f"expected an integer, found {type(value).__name__}")
        number = PyLong_AsLongLongAndOverflow(value, &overflow)
        if overflow != 0 or (self.is_int and not -INT_MAX - 1 <= number <= INT_MAX):
            raise OverflowError("an integer beyond its type")
        return put_number(out, number)

    cdef object read(self, In* data):
        cdef int64_t number = take_number(data)
        if self.is_int and not -INT_MAX - 1 <= number <= INT_MAX:
            raise ValueError("a number beyond its type")
        return number


cdef class Boolean(Kind):
    cdef int write(self, Out* out, object value) except -1:
        return put_byte(out, 1 if value else 0)

    cdef object read(self, In* data):
        if data.at >= data.end:
            raise IndexError("the data end before a boolean")
        cdef unsigned char byte = data.data[data.at]
        data.at += 1
        if byte > 1:
            raise ValueError("a boolean that is neither 0 nor 1")
        return byte == 1


cdef inline int64_t days_from(int year, int month, int day):
    """Days since 1970-01-01 of the proleptic Gregorian calendar, whose year here begins in March."""
    cdef int64_t y = year - (month <= 2)
    cdef int64_t era = y // 400, of_era = y - era * 400
    cdef int64_t of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468


cdef class Day(Kind):
    cdef int write(self, Out* out, object value) except -1:
        if not PyDate_CheckExact(value):
            raise TypeError(f"expected a date, found {type(value).__name__}")
        return put_number(out, days_from(year_of(value), month_of(value), day_of(value)))

    cdef object read(self, In* data):
        cdef int64_t number = take_number(data)
        cdef Py_ssize_t place
        if not FIRST_DAY <= number < FIRST_DAY + DAYS:
            return date.fromordinal(number + FIRST_ORDINAL)
        place = number - FIRST_DAY
        known = _days[place]
        if known is None:
            known = _days[place] = date.fromordinal(number + FIRST_ORDINAL)
        return known


cdef class Mapped(Kind):
    cdef int write(self, Out* out, object value) except -1:
        if value:
            put_number(out, len(value))
            for key, item in value.items():
                put_text(out, key)
                put_text(out, item)
        return put_byte(out, 0)

    cdef object read(self, In* data):
        cdef int64_t count = take_count(data), index
        if count == 0:
            return EMPTY
        cdef dict found = {}
        while count:
            for index in range(count):
                key = take_text(data)
                found[key] = take_text(data)
            count = take_count(data)
        return found


cdef class Optional(Kind):
    cdef Kind inner

    def __init__(self, Kind inner):
        self.inner = inner

    cdef int write(self, Out* out, object value) except -1:
        if value is None:
            return put_byte(out, 0)
        put_byte(out, 2)
        return self.inner.write(out, value)

    cdef object read(self, In* data):
        if data.at >= data.end:
            raise IndexError("the data end before a union")
        cdef unsigned char branch = data.data[data.at]
        data.at += 1
        if branch == 0:
            return None
        if branch != 2:
            raise ValueError("a branch that the union does not have")
        return self.inner.read(data)


cdef class Array(Kind):
    cdef Kind item

    def __init__(self, Kind item):
        self.item = item

    cdef int write(self, Out* out, object value) except -1:
        if value:
            put_number(out, len(value))
            for item in value:
                self.item.write(out, item)
        return put_byte(out, 0)

    cdef object read(self, In* data):
        cdef int64_t count = take_count(data), index
        if count == 0:
            return ()
        cdef list found = []
        while count:
            for index in range(count):
                found.append(self.item.read(data))
            count = take_count(data)
        return tuple(found)


cdef class Record(Kind):
    """A named tuple. What is read is not tracked by the garbage collector: days and texts make no cycles."""

    cdef type cls
    cdef tuple kinds

    def __init__(self, type cls, tuple kinds):
        self.cls, self.kinds = cls, kinds

    cdef int write(self, Out* out, object value) except -1:
        cdef Py_ssize_t index, size = PyTuple_GET_SIZE(self.kinds)
        if not PyTuple_Check(value) or PyTuple_GET_SIZE(value) != size:
            raise TypeError(f"expected a tuple of {size}, found {type(value).__name__}")
        for index in range(size):
            (<Kind> PyTuple_GET_ITEM(self.kinds, index)).write(out, <object> PyTuple_GET_ITEM(value, index))
        return 0

    cdef object read(self, In* data):
        cdef Py_ssize_t index, size = PyTuple_GET_SIZE(self.kinds)
        cdef PyObject* made = object_of(<PyTypeObject*> self.cls, size)
        PyObject_GC_UnTrack(made)
        try:
            for index in range(size):
                item = (<Kind> PyTuple_GET_ITEM(self.kinds, index)).read(data)
                Py_INCREF(item)
                PyTuple_SET_ITEM(made, index, item)
            return <object> made
        finally:
            Py_DECREF(made)


# -- schemas ---------------------------------------------------------------------------------------

cdef dict PLAIN = {
    "string": Text(),
    "bytes": Bytes(),
    "int": Number(True),
    "long": Number(False),
    "boolean": Boolean(),
    "date": Day(),
}


cdef Kind kind_of(object kind, object nested):
    if isinstance(kind, list):
        return Optional(kind_of(kind[1], nested))
    word = kind if isinstance(kind, str) else kind.get("logicalType", kind["type"])
    if word in PLAIN:
        return PLAIN[word]
    if word == "map":
        return Mapped()
    if word == "array":
        return Array(kind_of(kind["items"], nested))
    if word == "record":
        return record_of(kind, nested, nested[kind["name"]])
    raise TypeError(f"{word}: a kind the compiled codec does not know")


cdef Record record_of(object avsc, object nested, type cls):
    return Record(cls, tuple([kind_of(field["type"], nested) for field in avsc["fields"]]))


cdef class Writer:
    """書き手: called with a value of the type it was made for."""

    cdef Record kind

    def __call__(self, value):
        cdef Out out
        out.size, out.room = 0, 512
        out.data = <unsigned char*> PyMem_Malloc(out.room)
        if out.data == NULL:
            raise MemoryError()
        try:
            self.kind.write(&out, value)
            return PyBytes_FromStringAndSize(<const char*> out.data, out.size)
        finally:
            PyMem_Free(out.data)


cdef class Reader:
    """読み手: called with bytes and a place; gives the value and the place after it."""

    cdef Record kind

    def __call__(self, bytes data, Py_ssize_t at):
        cdef In taken
        taken.data, taken.end = <const unsigned char*> PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data)
        taken.at = at
        if at < 0:
            raise IndexError("a place before the data")
        value = self.kind.read(&taken)
        return value, taken.at


def compile_writer(avsc, nested):
    """書き手を作る: as `schemas.compiled.compile_writer`."""
    cdef Writer made = Writer.__new__(Writer)
    made.kind = record_of(avsc, nested, tuple)
    return made


def compile_reader(avsc, nested, cls):
    """読み手を作る: as `schemas.compiled.compile_reader`."""
    cdef Reader made = Reader.__new__(Reader)
    made.kind = record_of(avsc, nested, cls)
    return made
