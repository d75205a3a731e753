#ifndef CCRC_H
#define CCRC_H

#include <stddef.h>
#include <stdint.h>

/// The CRC-32 of zip and Ethernet (ISO 3309, reflected polynomial 0xedb88320) of `count` bytes behind others whose sum was
/// `sum`; 0 for none before. Eight bytes a step: a gigabyte or more a second.
uint32_t ccrc_32(uint32_t sum, const uint8_t *bytes, size_t count);

#endif
