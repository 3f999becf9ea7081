#ifndef MCU_VERSION_H
#define MCU_VERSION_H

#define MCU_VERSION "0.1.0"

#endif
